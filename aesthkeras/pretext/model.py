"""The Keras model that trains any pretext task (Eq. 3 of Sheng et al., AAAI 2020)."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from aesthkeras.networks import description  # noqa: F401, registers the layers of encoders
from aesthkeras.pretext.task import PatchLosses, PretextTask
from aesthkeras.training.input_wait import INPUT_WAIT
from aesthkeras.training.machines import machines
from aesthkeras.training.precision import minimize
from aesthkeras.training.replicas import fold_replica

SEEDS = "seeds"
"""In a batch of patches: the seed of the batch, once for each row, so that replicas can share them out."""


@keras.saving.register_keras_serializable(package="aesthkeras")
class PretextModel(keras.Model):
    """An encoder and a head, trained together on the loss terms of a pretext task.

    It compiles, fits, evaluates, saves and loads as any Keras model. The encoder is handed in and keeps no
    trace of the task, so that it can be probed and exported alone. Called on images, the model answers what
    the encoder does.

    ```python
    task = DegradationTask(DegradationOptions(), Recipe(crop=131, resize=148))
    model = PretextModel(task.build_encoder(), task)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True))
    model.fit(patches.map(task.views), steps_per_epoch=100, epochs=3, callbacks=task.callbacks())
    ```

    What it is trained and evaluated on are batches of the task's views, dicts as `task.views` makes them; or
    of patches, where the task's device is the GPU: then the views are made at the head of the step. The
    callbacks of the task switch its loss terms on by the schedule of the paper.

    Args:
        encoder: functional model, images `[N, H, W, 3]` to a dict of block outputs.
        task: says how views run through encoder and head, and what the loss is.
        head: functional model as `task.build_head` makes it; None for that.
        name: of the model.
    """

    def __init__(
        self,
        encoder: keras.Model,
        task: PretextTask,
        head: keras.Model | None = None,
        name: str = "pretext",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.encoder = encoder
        self.task = task
        self.head = task.build_head(encoder) if head is None else head
        names = ("loss", "weight_decay", *task.loss_names())
        self.means = {name: keras.metrics.Mean(name=name) for name in names}
        self.task_metrics = task.metrics()
        self.input_wait = keras.metrics.Sum(name=INPUT_WAIT)
        """Seconds that this epoch has waited for its input, where the batches tell it (`with_input_wait`)."""
        self.built = True

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """What Keras resets at the start of an epoch."""
        return [*self.means.values(), *self.task_metrics, self.input_wait]

    def compile(self, optimizer: Any = "sgd", **options: Any) -> None:
        """Keras's own `compile`, but for the loss, which is the task's.

        Args:
            optimizer: with its learning rate or schedule.
            **options: `run_eagerly`, `steps_per_execution`, `jit_compile` (no XLA without it) and the like.

        Raises:
            ValueError: a loss or metrics are given.
        """
        for option in ("loss", "metrics", "loss_weights", "weighted_metrics"):
            if options.get(option) is not None:
                raise ValueError(f"{option} is given: expected none, the task has its own")
        super().compile(optimizer=optimizer, **{"jit_compile": False, **options})
        self.distribute_reduction_method = (
            "first"  # the metrics are those of all replicas: not to be added up
        )

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles a loaded model as it was: Keras leaves that to models with a `compile` of their own."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def call(self, images: tf.Tensor, training: bool = False) -> dict[str, tf.Tensor]:
        """The encoder's blocks by name, from images `[N, H, W, 3]` in [0, 255]."""
        outputs: dict[str, tf.Tensor] = self.encoder(images, training=training)
        return outputs

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Nothing: all is built. With several replicas Keras 3 would take a batch off the stream for it."""

    @tf.autograph.experimental.do_not_convert
    def train_step(self, batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One step of the optimizer on a batch of views, as `PretextTask.views` made it, or of patches."""
        batch = self.with_views(batch)
        with tf.GradientTape() as tape:
            outputs = self.task.forward(self.encoder, self.head, batch, training=True)
            losses = self.task.losses(outputs, batch)
            weight_decay = self._weight_decay()
            # Averages over the global batch, so that the replicas of a strategy add up to one update.
            loss = tf.nn.compute_average_loss(patch_losses(losses))
            loss += tf.nn.scale_regularization_loss(weight_decay)
        minimize(self.optimizer, loss, self.trainable_variables, tape)
        return self._logs(batch, outputs, losses, weight_decay)

    @tf.autograph.experimental.do_not_convert
    def test_step(self, batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """The same numbers for a batch of views that is not learned from."""
        batch = self.with_views(batch)
        outputs = self.task.forward(self.encoder, self.head, batch, training=False)
        losses = self.task.losses(outputs, batch)
        return self._logs(batch, outputs, losses, self._weight_decay())

    def with_views(self, batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """The views of a batch of patches, made where this runs; a batch of views as it is.

        Args:
            batch: of patches, with `seeds` int32 `[B, 2]`, which are all the same.
        """
        if SEEDS not in batch:
            return batch
        seed = fold_replica(batch[SEEDS][0])
        views = self.task.views({**batch, "seed": seed})
        return {**views, INPUT_WAIT: batch[INPUT_WAIT]} if INPUT_WAIT in batch else views

    def _weight_decay(self) -> tf.Tensor:
        penalties = (*self.encoder.losses, *self.head.losses)
        # The 0 is for a model without weight decay, which has no penalty to add.
        return tf.add_n([tf.constant(0.0), *(tf.cast(penalty, tf.float32) for penalty in penalties)])

    def _logs(
        self,
        batch: dict[str, tf.Tensor],
        outputs: dict[str, tf.Tensor],
        losses: PatchLosses,
        weight_decay: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        """Feeds the metrics; what they come to so far in this epoch, for the progress bar."""
        self.means["loss"].update_state(total_loss(losses) + weight_decay)
        self.means["weight_decay"].update_state(weight_decay)
        for name, term in (losses.unweighted or losses.terms).items():
            self.means[name].update_state(term)
        self.task.update_metrics(outputs, batch, losses)
        if INPUT_WAIT in batch:
            self.input_wait.update_state(batch[INPUT_WAIT])
        logs = self.logs_so_far()
        if machines() < 2 or not hasattr(keras, "ops"):
            return logs
        return {
            name: tf.reshape(value, [1]) for name, value in logs.items()
        }  # Keras 3 wants an axis to average

    def logs_so_far(self) -> dict[str, tf.Tensor]:
        """What the metrics come to so far in this epoch, by name."""
        return {**{name: mean.result() for name, mean in self.means.items()}, **self.task.step_logs()}

    def numbers_so_far(self) -> dict[str, float]:
        """`logs_so_far` as plain numbers, of all replicas."""
        return {name: float(value) for name, value in self.logs_so_far().items()}

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the model: encoder and task."""
        return {
            "name": self.name,
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "task": keras.saving.serialize_keras_object(self.task),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> PretextModel:
        """The model of `get_config`, with fresh weights; a task of this package needs no import before."""
        module = config["task"]["module"]
        if module.startswith("aesthkeras.pretext.tasks."):
            importlib.import_module(module)  # Keras 3 imports nothing but Keras
        made = keras.saving.deserialize_keras_object
        encoder, task = (made(config[part], custom_objects) for part in ("encoder", "task"))
        return cls(encoder, task, name=config["name"])

    @property
    def step(self) -> int:
        """Steps of training done."""
        return int(self.optimizer.iterations.numpy())

    def current_learning_rate(self) -> float:
        """The rate that the last step took; the first rate before any."""
        optimizer: Any = getattr(self.optimizer, "inner_optimizer", self.optimizer)
        rate = optimizer.get_config()["learning_rate"]
        if isinstance(rate, Mapping):  # a schedule
            rate = keras.optimizers.schedules.deserialize(rate)(max(self.step - 1, 0))
        return float(rate)


def patch_losses(losses: PatchLosses) -> tf.Tensor:
    """Eq. 3 of each patch, float32 `[B]`: w_p times the scaled sum of the terms."""
    per_patch = tf.add_n([losses.scales.get(name, 1.0) * term for name, term in losses.terms.items()])
    return per_patch if losses.patch_weights is None else losses.patch_weights * per_patch


def total_loss(losses: PatchLosses) -> tf.Tensor:
    """Eq. 3: the mean over patches of `patch_losses`, float32 scalar."""
    return tf.reduce_mean(patch_losses(losses))
