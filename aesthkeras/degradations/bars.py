"""Uniform bars above and below, as of a film in another format (not in Table 1)."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aesthkeras.degradations.layer import WHITE, Degradation
from aesthkeras.settings import require


@keras.saving.register_keras_serializable(package="aesthkeras")
class Bars(Degradation):
    """Cover a share of the height above, and as much below, in white or in black: half of the photos each.

    No task is asked about it; scorers learn that a copy with bars is worse. Shares 0.08 and 0.16.

        framed = aesthkeras.degradations.Bars(0.16)(photos)

    Args:
        share: of the height that each bar covers, from 0 to 0.5, rounded to whole pixels.
        **kwargs: those of `Degradation`.

    Raises:
        UsageError: a share out of range.
    """

    arguments = ("share",)
    random = True

    def __init__(self, share: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.share = share
        require(self, "share", 0 <= share <= 0.5, "0 to 0.5")

    def edit(self, images: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
        """As `Degradation.edit`; the seed decides the colours."""
        images, height = tf.cast(images, tf.float32), int(images.shape[1])
        row, thickness = np.arange(height), round(self.share * height)
        kept = ((row >= thickness) & (row < height - thickness)).astype(np.float32)[:, np.newaxis, np.newaxis]
        drawn = tf.random.stateless_uniform([tf.shape(images)[0], 1, 1, 1], seed)
        return images * kept + tf.round(drawn) * WHITE * (1 - kept)
