"""What a pretext task is: views and targets from patches, a head on the encoder, loss terms by name.

A task is one file in this folder with a `TASK` class derived from `PretextTask` and a dataclass of its
own flags; `find_task` imports it by name. No TensorFlow is imported here, `--help` reads the options.
"""

from __future__ import annotations

import abc
import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from aesthkeras.pretext.options import task_options
from aesthkeras.pretext.recipe import Recipe

if TYPE_CHECKING:
    from aesthkeras.photos.photo_set import PhotoSet


@dataclass(frozen=True)
class PatchLosses:
    """The loss of a batch of B patches, term by term.

    The training loss is the mean over patches of `patch_weights * sum(scales[name] * terms[name])`
    (the paper's Eq. 3), plus the weight decay.

    Attributes:
        terms: name -> float32 `[B]`, the value per patch.
        scales: name -> float32 scalar (lambda of Eq. 3); a name without a scale counts with 1.
        patch_weights: float32 `[B]` (w_p of the paper), or None for 1.
        unweighted: the terms to log where `terms` has weights of single views inside; None for `terms`.
    """

    terms: dict[str, Any]
    scales: dict[str, Any]
    patch_weights: Any | None = None
    unweighted: dict[str, Any] | None = None


class PretextTask(abc.ABC):
    """One pretext task. Derived classes override what differs and nothing else knows about them."""

    Options: ClassVar[type[Any]]
    """Frozen dataclass of the task's own flags (see `aesthkeras.settings.setting`)."""

    views_per_patch: int
    """Images through the network per patch: what throughput and `images_seen` count."""

    def __init__(self, options: Any, recipe: Recipe, device: str = "cpu") -> None:
        options.check(recipe)
        self.options = options
        self.recipe = recipe
        self.device = device  # where `views` runs: cpu or gpu

    @property
    def photo_edge(self) -> int:
        """Shorter edge in pixels of the photos that patches are cut from; also that of the pixel cache."""
        return self.recipe.resize

    @property
    def patch_edge(self) -> int:
        """Edge in pixels of the squares cut for `views`; the encoder's input may be another."""
        return self.recipe.crop

    @property
    def images_per_step(self) -> int:
        """Images through forward and backward in one step."""
        return self.recipe.batch_size * self.views_per_patch

    def resolved(self) -> dict[str, str]:
        """What flags that may say `auto` come to on this machine, by their names; for run.json."""
        from aesthkeras.training.precision import resolve_precision

        return {"degrade_on": self.device, "precision": resolve_precision(self.recipe.precision)}

    def study(self, photos: PhotoSet) -> dict[str, Any]:
        """What the task must know of the photos before training: their classes, their colours.

        Runs once, before the networks are built; what it returns is kept in the run folder as task.json.

        Raises:
            UsageError: the task cannot learn from these photos.
        """
        return {}

    def recall(self, facts: dict[str, Any]) -> None:
        """Takes what `study` returned, through JSON: at the start, on resuming, and in the export."""
        return

    @abc.abstractmethod
    def views(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Makes views and targets, inside tf.data.

        Args:
            batch: `patches` uint8 `[B, patch_edge, patch_edge, 3]`, `photo` int64 `[B]` (index of the photo),
                `seed` int32 `[2]`, different for every batch.

        Returns:
            What `forward`, `losses` and `update_metrics` read.
        """

    @abc.abstractmethod
    def build_head(self, encoder: Any) -> Any:
        """The Keras model that the task trains on top of the encoder; `forward` feeds it."""

    @abc.abstractmethod
    def loss_names(self) -> list[str]:
        """The names of the terms that `losses` returns."""

    @abc.abstractmethod
    def losses(self, outputs: dict[str, Any], batch: dict[str, Any]) -> PatchLosses:
        """Loss terms per patch; float32 whatever the precision of the network."""

    def build_encoder(self) -> Any:
        """The encoder that this task trains; RGB in, blocks by name out."""
        from aesthkeras.encoders import build_encoder

        recipe = self.recipe
        return build_encoder(
            recipe.encoder_name,
            input_size=recipe.crop,
            width=recipe.width,
            seed=recipe.seed,
            weight_decay=recipe.weight_decay,
            preprocessing=self.preprocessing(),
        )

    def preprocessing(self) -> Any | None:
        """The layer between RGB and the encoder's first convolution; None for the usual standardisation."""
        return None

    @abc.abstractmethod
    def forward(self, encoder: Any, head: Any, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        """Runs the views through encoder and head; what it returns, `losses` reads."""

    def metrics(self) -> list[Any]:
        """Keras metrics of the task, reset every epoch; `update_metrics` feeds them."""
        return []

    def update_metrics(self, outputs: dict[str, Any], batch: dict[str, Any], losses: PatchLosses) -> None:
        """Feeds the task's metrics from one training step; runs inside the step's graph."""
        return

    def step_logs(self) -> dict[str, Any]:
        """The few scalars to show while an epoch goes on, read from the metrics, in the step's graph."""
        return {}

    def epoch_logs(self) -> dict[str, float]:
        """All scalars of the epoch that has just ended, read from the metrics."""
        return {}

    def callbacks(self, history: list[dict[str, Any]]) -> list[Any]:
        """Keras callbacks that carry the task's schedule.

        Args:
            history: the logs of the epochs already done (a resumed run has some), one dict an epoch.
        """
        return []

    def pictures(self, encoder: Any, head: Any, batch: dict[str, Any]) -> dict[str, Any]:
        """What a person would look at: name -> uint8 `[H, W, 3]` (numpy), drawn once an epoch."""
        return {}

    def serving_head(self, head: Any) -> tuple[Any, list[str]] | None:
        """For the exported model's `degradations` signature: embedding -> logits, and the classes' names."""
        return None


def find_task(name: str) -> type[PretextTask]:
    """The class `TASK` of `aesthkeras/pretext/tasks/NAME/task.py`.

    Raises:
        UsageError: there is no such task.
    """
    task_options(name)
    task: type[PretextTask] = importlib.import_module(f"aesthkeras.pretext.tasks.{name}.task").TASK
    return task
