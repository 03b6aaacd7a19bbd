"""Colorization (Zhang, Isola and Efros, ECCV 2016): which colours does a gray photo have?

The encoder takes RGB and sees L alone. At each position of conv5 a light head predicts the colours, as a
distribution over the ab bins of `color_bins`. It takes the position's features and the embedding. So the
embedding, too, is trained: it is the view of the whole patch.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from aesthkeras.encoders.lab import LabStandardization
from aesthkeras.errors import UsageError
from aesthkeras.monitoring.lab_pictures import lab_sheet
from aesthkeras.photos import patches
from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.pretext import color_bins
from aesthkeras.pretext.position_classification import PositionClassification
from aesthkeras.pretext.task import Tensors

STUDIED_BATCHES, STUDIED_BATCH = 64, 64
"""4096 patches of some hundred points each; for rarer bins the uniform half of the prior decides."""


@keras.saving.register_keras_serializable(package="aesthkeras")
class ColorizationTask(PositionClassification):
    """313-way classification of the colour at each position of conv5, with more weight for rare colours."""

    bins = {"colors": color_bins.COLOR_BINS}

    def study(self, photos: PhotoSet) -> dict[str, Any]:
        """The prior: the mean soft encoding of the colours in 4096 patches, near-gray ones left out."""
        stream = patches.patch_dataset(
            photos, self.photo_edge, self.patch_edge, STUDIED_BATCH, seed=self.recipe.seed
        )
        unweighted = tf.ones([color_bins.COLOR_BINS])
        targets = stream.map(lambda batch: self._targets(batch["patches"], unweighted)).take(STUDIED_BATCHES)
        sums = np.zeros(color_bins.COLOR_BINS)
        try:
            for batch in tqdm(targets, desc="counting colours", unit="batch", total=STUDIED_BATCHES):
                sums += tf.reduce_sum(batch, axis=[0, 1, 2]).numpy()
        except (tf.errors.InvalidArgumentError, tf.errors.NotFoundError) as error:
            raise patches.unreadable_photo(error) from error
        if not sums.any():
            raise UsageError("data_dir: expected photos with colours; all are gray")
        return {"color_prior": (sums / sums.sum()).tolist()}

    def recall(self, facts: dict[str, Any]) -> None:
        """Derives the weights of the bins from the prior (Eq. 4)."""
        super().recall(facts)
        self.weights = color_bins.rebalancing_weights(facts["color_prior"])

    def views(self, batch: Tensors) -> Tensors:
        """Adds `colors` float32 `[B, H, W, 313]`, H and W being conv5's; all zeros for a near-gray patch.

        The targets are multiplied by the weights of Eq. 3, so that the loss is.
        """
        weights = tf.constant(self.weights, tf.float32)
        return {"patches": batch["patches"], "colors": self._targets(batch["patches"], weights)}

    def _targets(self, crops: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        ab = self.lab_at_positions(crops)[..., 1:]
        counts = color_bins.has_color(ab)[:, tf.newaxis, tf.newaxis, tf.newaxis]
        return counts * color_bins.color_targets(ab, weights)

    def preprocessing(self) -> keras.layers.Layer:
        """L in place of RGB."""
        return LabStandardization("L", name="lightness")

    def pictures(self, encoder: keras.Model, head: keras.Model, batch: Tensors) -> dict[str, np.ndarray]:
        """Patches, the gray pictures that the network sees, and the predicted colours on these."""
        logits = self.forward(encoder, head, batch, training=False)
        return {"colorization": lab_sheet(self.predicted_colors(batch, logits))}


TASK = ColorizationTask
