"""Split-brain autoencoder (Zhang, Isola and Efros, CVPR 2017): each half of Lab predicts the other.

Two networks of half the width: one sees L and predicts colours, one sees ab and predicts lightness, both as
classification and, unlike colorization, without rebalancing. The encoder is both: RGB in, and each block is
the two networks' blocks side by side. So is its embedding, twice as long: each half is trained as one
network's view of the whole patch.
"""

from __future__ import annotations

import functools

import keras
import numpy as np
import tensorflow as tf

from aesthkeras.encoders.build import build_encoder
from aesthkeras.encoders.split import split_encoder
from aesthkeras.monitoring.lab_pictures import lab_sheet
from aesthkeras.pretext import color_bins
from aesthkeras.pretext.position_classification import PositionClassification
from aesthkeras.pretext.task import Tensors

LIGHTNESS_BINS = 100
"""One for each whole L."""


@keras.saving.register_keras_serializable(package="aesthkeras")
class SplitBrainTask(PositionClassification):
    """L -> 313 colour bins and ab -> 100 bins of lightness at each position of conv5."""

    # in the order of `split_encoder`: colours are predicted by the half that sees L
    bins = {"colors": color_bins.COLOR_BINS, "lightness": LIGHTNESS_BINS}

    def views(self, batch: Tensors) -> Tensors:
        """Adds `colors` `[B, H, W, 313]` and `lightness` `[B, H, W, 100]`, float32, H and W being conv5's."""
        lab = self.lab_at_positions(batch["patches"])
        whole = tf.clip_by_value(tf.cast(lab[..., 0], tf.int32), 0, LIGHTNESS_BINS - 1)
        return {
            "patches": batch["patches"],
            "colors": color_bins.color_targets(lab[..., 1:], tf.ones([color_bins.COLOR_BINS])),
            "lightness": tf.reduce_mean(tf.one_hot(whole, LIGHTNESS_BINS), axis=-2),
        }

    def build_encoder(self) -> keras.Model:
        """Two encoders of half the recipe's width, and their outputs side by side."""
        recipe = self.recipe
        half = functools.partial(
            build_encoder,
            recipe.encoder_name,
            input_size=recipe.crop,
            width=recipe.width / 2,
            weight_decay=recipe.weight_decay,
        )
        return split_encoder(half, recipe.crop, recipe.seed, "splitbrain")

    def pictures(self, encoder: keras.Model, head: keras.Model, batch: Tensors) -> dict[str, np.ndarray]:
        """Patches, predicted colours on the true lightness, predicted lightness under the true colours."""
        logits = self.forward(encoder, head, batch, training=False)
        columns = self.predicted_colors(batch, logits)
        lightness = self.enlarged(mean_lightness(logits["lightness"]))
        columns["predicted lightness"] = np.concatenate([lightness, columns["original"][..., 1:]], axis=-1)
        return {"splitbrain": lab_sheet(columns)}


def mean_lightness(logits: tf.Tensor) -> tf.Tensor:
    """The mean of the predicted distribution of L: float32 `[..., 100]` -> `[..., 1]`."""
    middles = tf.range(LIGHTNESS_BINS, dtype=tf.float32) + 0.5
    return tf.reduce_sum(tf.nn.softmax(logits) * middles, axis=-1, keepdims=True)


TASK = SplitBrainTask
