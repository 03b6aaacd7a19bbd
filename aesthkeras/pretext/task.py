"""What a pretext task is: views and targets from patches, a head on the encoder, loss terms by name.

A task is a folder in `pretext/tasks`: its flags in `options.py`, and in `task.py` a class derived from
`PretextTask`. `find_task` imports it by the name of the folder.
"""

from __future__ import annotations

import abc
import importlib
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from aesthkeras.encoders.build import build_encoder
from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.pretext.options import TaskOptions, task_options
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.training.phases import History
from aesthkeras.training.precision import resolve_precision

Tensors = dict[str, tf.Tensor]
"""The parts of a batch, or the outputs of a network, by name."""


@dataclass(frozen=True)
class PatchLosses:
    """The loss of a batch of B patches, term by term.

    The training loss is the mean over patches of `patch_weights * sum(scales[name] * terms[name])` (Eq. 3 of
    Sheng et al., AAAI 2020), plus the weight decay.

    Attributes:
        terms: name -> float32 `[B]`, the value per patch.
        scales: name -> float32 scalar (lambda of Eq. 3); a name without a scale counts with 1.
        patch_weights: float32 `[B]` (w_p of the paper), or None for 1.
        unweighted: the terms to log, if `terms` already contains weights of single views; None for `terms`.
    """

    terms: Tensors
    scales: dict[str, tf.Tensor | float] = field(default_factory=dict)
    patch_weights: tf.Tensor | None = None
    unweighted: Tensors | None = None


class PretextTask(abc.ABC):
    """One pretext task: derived classes override what differs, and no other code knows about them.

    Args:
        options: the task's own settings; None for their defaults, which are those of the task's paper.
        recipe: everything else that determines the trained weights; None for the paper's.
        device: where `views` runs, `cpu` or `gpu`.

    Raises:
        UsageError: the task cannot be trained with this recipe.
        ValueError: the options are those of another task.
    """

    Options: ClassVar[type[TaskOptions]] = TaskOptions
    """The frozen dataclass of the task's own settings (see `aesthkeras.settings.setting`)."""

    options: TaskOptions
    """Derived classes narrow this annotation to their own `Options`."""

    views_per_patch: int
    """Images through the network per patch: what throughput and `images_seen` count."""

    def __init__(
        self, options: TaskOptions | None = None, recipe: Recipe | None = None, device: str = "cpu"
    ) -> None:
        self.options = self.Options() if options is None else options
        if not isinstance(self.options, self.Options):
            raise ValueError(f"options={self.options}: expected {self.Options.__name__}")
        self.recipe = Recipe() if recipe is None else recipe
        self.device = device
        self.facts: dict[str, Any] = {}
        self.options.check(self.recipe)

    def get_config(self) -> dict[str, Any]:
        """Plain values that rebuild the task, what it has learned about the photos included."""
        return {
            "options": asdict(self.options),
            "recipe": asdict(self.recipe),
            "facts": self.facts or None,
            "device": self.device,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> PretextTask:
        """The task that `get_config` described."""
        task = cls(cls.Options(**config["options"]), Recipe(**config["recipe"]), config["device"])
        if config["facts"]:
            task.recall(config["facts"])
        return task

    @property
    def photo_edge(self) -> int:
        """Shorter edge in pixels of the photos that patches are cut from; also that of the pixel cache."""
        return self.recipe.resize

    @property
    def patch_edge(self) -> int:
        """Edge in pixels of the squares cut for `views`; the encoder's input may have another."""
        return self.recipe.crop

    @property
    def images_per_step(self) -> int:
        """Images through forward and backward in one step."""
        return self.recipe.batch_size * self.views_per_patch

    def resolved(self) -> dict[str, str]:
        """What settings that may be `auto` mean on this machine, by their names; for run.json."""
        return {"degrade_on": self.device, "precision": resolve_precision(self.recipe.precision)}

    def study(self, photos: PhotoSet) -> dict[str, Any]:
        """What the task must know about the photos before training: their classes, their colours.

        It runs once, before the networks are built. The result goes to `recall`, and into the run folder as
        task.json.

        Raises:
            UsageError: the task cannot learn from these photos.
        """
        return {}

    def recall(self, facts: dict[str, Any]) -> None:
        """Takes what `study` returned; at the start, on resuming, and when a saved task is loaded."""
        self.facts = facts

    @abc.abstractmethod
    def views(self, batch: Tensors) -> Tensors:
        """Makes views and targets; runs in the graph of a `tf.data.Dataset.map`.

        Without AutoGraph, as `forward` and `losses`: what depends on a tensor takes `tf.cond`, not `if`.

        Args:
            batch: `patches` uint8 `[B, patch_edge, patch_edge, 3]`, `photo` int64 `[B]` (index of the photo),
                `seed` int32 `[2]`, different for every batch.

        Returns:
            What `forward`, `losses` and `update_metrics` read.
        """

    def build_encoder(self) -> keras.Model:
        """The encoder that this task trains: RGB in [0, 255] to a dict of its blocks by name."""
        recipe = self.recipe
        return build_encoder(
            recipe.encoder_name,
            input_size=recipe.crop,
            width=recipe.width,
            seed=recipe.seed,
            weight_decay=recipe.weight_decay,
            preprocessing=self.preprocessing(),
        )

    def preprocessing(self) -> keras.layers.Layer | None:
        """The layer between RGB and the encoder's first convolution; None for the usual standardisation."""
        return None

    @abc.abstractmethod
    def build_head(self, encoder: keras.Model) -> keras.Model:
        """The model that the task trains on top of the encoder; `forward` calls it."""

    @abc.abstractmethod
    def forward(self, encoder: keras.Model, head: keras.Model, batch: Tensors, training: bool) -> Tensors:
        """Runs the views through encoder and head; `losses` and `update_metrics` read the result."""

    @abc.abstractmethod
    def loss_names(self) -> list[str]:
        """The names of the terms that `losses` returns."""

    @abc.abstractmethod
    def losses(self, outputs: Tensors, batch: Tensors) -> PatchLosses:
        """Loss terms per patch; float32 whatever the precision of the network."""

    def metrics(self) -> list[keras.metrics.Metric]:
        """The task's metrics, reset every epoch; `update_metrics` updates them."""
        return []

    def update_metrics(self, outputs: Tensors, batch: Tensors, patch_losses: PatchLosses) -> None:
        """Updates the task's metrics after one step; runs in the graph of the step."""
        return

    def step_logs(self) -> Tensors:
        """The few scalars to show during an epoch, read from the metrics in the graph of the step."""
        return {}

    def epoch_logs(self) -> dict[str, float]:
        """All scalars of the epoch that has just ended, read from the metrics."""
        return {}

    def callbacks(self, history: History = ()) -> list[keras.callbacks.Callback]:
        """The callbacks that carry the task's schedule.

        Args:
            history: the logs of the epochs already done, one dict an epoch; empty for a new training.
        """
        return []

    def pictures(self, encoder: keras.Model, head: keras.Model, batch: Tensors) -> dict[str, np.ndarray]:
        """Pictures for a person to look at, drawn once an epoch: name -> uint8 `[H, W, 3]`."""
        return {}

    def serving_head(self, head: keras.Model) -> tuple[keras.Model, list[str]] | None:
        """For the signature `degradations` of an export: embedding -> logits, and the classes' names."""
        return None


def encode_views(encoder: keras.Model, views: tf.Tensor, training: bool) -> Tensors:
    """All views through the encoder in one pass: `[B, V, S, S, 3]` -> `[B V, ...]` by name of the block."""
    outputs: Tensors = encoder(tf.reshape(views, [-1, *views.shape[2:]]), training=training)
    return outputs


def find_task(name: str) -> type[PretextTask]:
    """The class `TASK` of `aesthkeras/pretext/tasks/NAME/task.py`.

    Raises:
        UsageError: there is no such task.
    """
    task_options(name)
    task: type[PretextTask] = importlib.import_module(f"aesthkeras.pretext.tasks.{name}.task").TASK
    return task
