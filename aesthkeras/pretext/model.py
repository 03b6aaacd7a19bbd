"""The Keras model whose `train_step` trains any pretext task (Eq. 3 of Sheng et al., AAAI 2020)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf
from tensorflow import keras

from aesthkeras.pretext.task import PatchLosses, PretextTask


class PretextModel(keras.Model):
    """An encoder and a head, trained together on the loss terms of a pretext task.

    The encoder is handed in and keeps no trace of the task, so that it can be probed and exported alone.

    Args:
        encoder: functional model, pixels to a dict of block outputs.
        task: says how views run through encoder and head, and what the loss is.
    """

    def __init__(self, encoder: keras.Model, task: PretextTask) -> None:
        super().__init__(name="pretext")
        self.encoder = encoder
        self.task = task
        self.head = task.build_head(encoder)
        self.means: dict[str, keras.metrics.Mean] = {}
        for name in ("loss", "weight_decay", *task.loss_names()):
            self.means[name] = keras.metrics.Mean(name=name)
        self.task_metrics = task.metrics()
        self.input_wait = 0.0
        """Seconds that training has waited for its input since `take_input_wait` was last called."""

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """What Keras resets at the start of an epoch."""
        return [*self.means.values(), *self.task_metrics]

    def call(self, inputs: Any) -> Any:
        """Not meaningful: views run through encoder and head as the task's `forward` says."""
        raise NotImplementedError("call `encoder`, or the task's `forward`")

    def train_step(self, batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One step of SGD on a batch of patches, as `PretextTask.views` made it."""
        with tf.GradientTape() as tape:
            outputs = self.task.forward(self.encoder, self.head, batch, training=True)
            losses = self.task.losses(outputs, batch)
            penalties = (*self.encoder.losses, *self.head.losses)
            # The 0 is for a run without weight decay, which has no penalty to add.
            weight_decay = tf.add_n([tf.constant(0.0), *(tf.cast(loss, tf.float32) for loss in penalties)])
            loss = total_loss(losses) + weight_decay
            scaled_loss = self.optimizer.get_scaled_loss(loss) if self.scales_loss else loss
        variables = self.encoder.trainable_variables + self.head.trainable_variables
        gradients = tape.gradient(scaled_loss, variables)
        if self.scales_loss:
            gradients = self.optimizer.get_unscaled_gradients(gradients)
        self.optimizer.apply_gradients(zip(gradients, variables))
        self.means["loss"].update_state(loss)
        self.means["weight_decay"].update_state(weight_decay)
        for name, term in (losses.unweighted or losses.terms).items():
            self.means[name].update_state(term)
        self.task.update_metrics(outputs, batch, losses)
        return {**{name: mean.result() for name, mean in self.means.items()}, **self.task.step_logs()}

    @property
    def scales_loss(self) -> bool:
        """Whether float16 is in use, whose small gradients need a scaled loss."""
        return isinstance(self.optimizer, keras.mixed_precision.LossScaleOptimizer)

    def make_train_function(self, force: bool = False) -> Callable[[Iterator[Any]], dict[str, tf.Tensor]]:
        """The compiled step, fed from Python so that the wait for input can be told from the step."""
        function: Any = getattr(self, "train_function", None)
        if function is None or force:
            step = tf.function(self.train_step)

            def train_function(iterator: Iterator[Any]) -> dict[str, tf.Tensor]:
                began = time.perf_counter()
                batch = next(iterator)
                self.input_wait += time.perf_counter() - began
                self._train_counter.assign_add(1)
                return step(batch)

            self.train_function = function = train_function
        return function

    @property
    def step(self) -> int:
        """Steps of training done."""
        return int(self.optimizer.iterations)

    def current_learning_rate(self) -> float:
        """The rate that the next step takes."""
        rate = self.optimizer.learning_rate
        return float(rate(self.optimizer.iterations) if callable(rate) else rate)

    def take_input_wait(self) -> float:
        """Seconds of waiting for input since the last call."""
        waited, self.input_wait = self.input_wait, 0.0
        return waited


def total_loss(losses: PatchLosses) -> tf.Tensor:
    """Eq. 3: the mean over patches of w_p times the scaled sum of the terms, float32 scalar."""
    per_patch = tf.add_n([losses.scales.get(name, 1.0) * term for name, term in losses.terms.items()])
    if losses.patch_weights is not None:
        per_patch = losses.patch_weights * per_patch
    return tf.reduce_mean(per_patch)
