"""Colour quantization to a small number of levels, or of colours (Table 1, "Soft / Grainy")."""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf

from aesthkeras.degradations.layer import WHITE, Degradation
from aesthkeras.degradations.palette import painted, palettes
from aesthkeras.settings import require


@keras.saving.register_keras_serializable(package="aesthkeras")
class Quantization(Degradation):
    """Round every value to the nearest of a few levels, or every pixel to the nearest of a few colours.

    Table 1, attribute "Soft / Grainy": 64 and 8 "levels". The paper does not say of what. Evenly spaced
    levels of each channel, black and white among them, are hardly seen where there are 64 (46 dB). A palette
    of so many colours, each photo its own, is (33 and 24 dB).

        posterised = aesthkeras.degradations.Quantization(8)(photos)

    Args:
        levels: how many each channel keeps, or how many colours; an integer of at least 2.
        form: `levels` of each channel, or a `palette`.
        **kwargs: those of `Degradation`.

    Raises:
        UsageError: fewer than 2 levels, or no integer; an unknown form.
    """

    arguments = ("levels", "form")

    def __init__(self, levels: int, form: str = "levels", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.levels = levels
        self.form = form
        expected = "an integer of at least 2"
        require(self, "levels", 2 <= levels < math.inf and levels == int(levels), expected)
        require(self, "form", form in ("levels", "palette"), "levels or palette")

    def edit(self, images: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
        """As `Degradation.edit`; the seed is not used."""
        images = tf.cast(images, tf.float32)
        if self.form == "palette":
            images = tf.round(images)
            return painted(images, palettes(images, int(self.levels)))
        step = WHITE / (self.levels - 1)
        return tf.round(images * (1.0 / step)) * step
