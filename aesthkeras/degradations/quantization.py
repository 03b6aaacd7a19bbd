"""Colour quantization to a small number of levels per channel (Table 1, "Soft / Grainy")."""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf

from aesthkeras.degradations.layer import WHITE, Degradation
from aesthkeras.settings import require


@keras.saving.register_keras_serializable(package="aesthkeras")
class Quantization(Degradation):
    """Round every value to the nearest of a few evenly spaced levels; black and white are among them.

    Table 1, attribute "Soft / Grainy": 64 and 8 levels.

        posterised = aesthkeras.degradations.Quantization(8)(photos)

    Args:
        levels: how many each channel keeps, an integer of at least 2.
        **kwargs: those of `Degradation`.

    Raises:
        UsageError: fewer than 2 levels, or no integer.
    """

    arguments = ("levels",)

    def __init__(self, levels: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.levels = levels
        expected = "an integer of at least 2"
        require(self, "levels", 2 <= levels < math.inf and levels == int(levels), expected)

    def edit(self, images: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
        """As `Degradation.edit`; the seed is not used."""
        step = WHITE / (self.levels - 1)
        return tf.round(tf.cast(images, tf.float32) * (1.0 / step)) * step
