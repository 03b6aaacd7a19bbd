"""Colorization (Zhang, Isola and Efros, ECCV 2016): which colours does a gray photo have?

The encoder takes RGB and looks at L alone. A light head tells the colours at each position of conv5, as a
distribution over the ab bins of `color_bins`, from the position's features and the embedding, which so is
trained as the view of the whole patch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tqdm import tqdm

from aesthkeras import encoders
from aesthkeras.errors import UsageError
from aesthkeras.monitoring import constant_prediction
from aesthkeras.photos import patches
from aesthkeras.pretext import color_bins, color_points, position_head
from aesthkeras.pretext.options import LabOptions
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.task import PatchLosses, PretextTask

STUDIED_BATCHES, STUDIED_BATCH = 64, 64
"""4096 patches of some hundred points each; bins rarer than that tell from the uniform half of the prior."""


class ColorizationTask(PretextTask):
    """313-way classification of the colour at each position of conv5, rare colours weighing more."""

    Options = LabOptions
    views_per_patch = 1

    def __init__(self, options: LabOptions, recipe: Recipe, device: str = "cpu") -> None:
        super().__init__(options, recipe, device)
        self.bins = len(color_bins.gamut_bins())
        self.constant = constant_prediction.ConstantPrediction(self.bins)
        self.lowest = keras.metrics.Mean(name="lowest")

    def study(self, photos: Any) -> dict[str, Any]:
        """The prior: the mean soft encoding of the colours in 4096 patches, near-gray ones left out."""
        stream = patches.patch_dataset(
            photos, self.photo_edge, self.patch_edge, STUDIED_BATCH, seed=self.recipe.seed
        )
        unweighted = tf.ones([self.bins])
        targets = stream.map(lambda batch: self._targets(batch["patches"], unweighted)).take(STUDIED_BATCHES)
        sums = np.zeros(self.bins)
        try:
            for batch in tqdm(targets, desc="counting colours", unit="batch", total=STUDIED_BATCHES):
                sums += tf.reduce_sum(batch, axis=[0, 1, 2]).numpy()
        except (tf.errors.InvalidArgumentError, tf.errors.NotFoundError) as error:
            raise patches.unreadable_photo(error) from error
        if not sums.any():
            raise UsageError("data_dir: expected photos with colours; all are gray")
        return {"color_prior": (sums / sums.sum()).tolist()}

    def recall(self, facts: dict[str, Any]) -> None:
        """Weighs the bins after the prior (Eq. 4)."""
        self.weights = color_bins.rebalancing_weights(facts["color_prior"])

    def views(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Adds `colors` float32 `[B, H, W, 313]`, H and W being conv5's; all zeros for a near-gray patch."""
        weights = tf.constant(self.weights, tf.float32)
        return {"patches": batch["patches"], "colors": self._targets(batch["patches"], weights)}

    def _targets(self, crops: Any, weights: Any) -> Any:
        ab = color_points.lab_at_positions(crops, self.recipe)[..., 1:]
        counts = color_bins.has_color(ab)[:, tf.newaxis, tf.newaxis, tf.newaxis]
        return counts * color_bins.color_targets(ab, weights)

    def preprocessing(self) -> Any:
        """L in place of RGB."""
        return encoders.LabStandardization("L", name="lightness")

    def build_head(self, encoder: Any) -> Any:
        """Logits over the 313 bins at each position of conv5."""
        seen = {name: keras.Input(encoder.output[name].shape[1:]) for name in ("conv5", "embedding")}
        logits = position_head.position_logits(**seen, classes=self.bins, recipe=self.recipe, name="colors")
        return keras.Model(seen, {"colors": logits}, name="colorization_head")

    def forward(self, encoder: Any, head: Any, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        """Logits `colors` `[B, H, W, 313]`."""
        outputs = encoder(batch["patches"], training=training)
        logits: dict[str, Any] = head({name: outputs[name] for name in head.input}, training=training)
        return logits

    def loss_names(self) -> list[str]:
        """The cross-entropy of the colours."""
        return ["colors"]

    def losses(self, outputs: dict[str, Any], batch: dict[str, Any]) -> PatchLosses:
        """Eq. 2 per patch, the mean over positions, with the weights of Eq. 3 in the targets."""
        return PatchLosses({"colors": position_head.position_loss(outputs["colors"], batch["colors"])}, {})

    def metrics(self) -> list[Any]:
        """What the loss lies between: that of no look at the patch, and that of perfect predictions."""
        return [self.constant, self.lowest]

    def update_metrics(
        self, outputs: dict[str, Any], batch: dict[str, Any], patch_losses: PatchLosses
    ) -> None:
        """Counts the colours."""
        self.constant.update_state(batch["colors"])
        self.lowest.update_state(position_head.lowest_loss(batch["colors"]))

    def epoch_logs(self) -> dict[str, float]:
        """The loss of the best constant prediction, and that of perfect ones: soft targets leave some."""
        return {
            "colors/constant": float(self.constant.result()),
            "colors/lowest": float(self.lowest.result()),
        }

    def pictures(self, encoder: Any, head: Any, batch: dict[str, Any]) -> dict[str, Any]:
        """Some patches, the gray picture that the network sees, and its colours (annealed mean) on that."""
        logits = self.forward(encoder, head, batch, training=False)["colors"]
        columns = color_points.colorization(batch["patches"], logits, self.recipe)
        return {"colorization": color_points.sheet(columns)}


TASK = ColorizationTask
