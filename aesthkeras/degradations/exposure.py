"""Wrong exposure: brightness scaled by a factor (Table 1, "Poor lighting")."""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf

from aesthkeras.degradations.layer import WHITE, Degradation
from aesthkeras.settings import require


@keras.saving.register_keras_serializable(package="aesthkeras")
class Exposure(Degradation):
    """Multiply every value by a factor and clip at white.

    Table 1, attribute "Poor lighting": factors 0.5 and 3. The extension has milder ones: underexposure 0.7
    and 0.3, overexposure 1.4 and 2.

        dark = aesthkeras.degradations.Exposure(0.5)(photos)

    Args:
        factor: above 0, no unit; below 1 darkens, above 1 brightens.
        **kwargs: those of `Degradation`.

    Raises:
        UsageError: a factor of 0 or less, or an infinite one.
    """

    arguments = ("factor",)

    def __init__(self, factor: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor
        require(self, "factor", 0 < factor < math.inf, "more than 0")

    def edit(self, images: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
        """As `Degradation.edit`; the seed is not used."""
        scaled = tf.cast(images, tf.float32) * self.factor
        return scaled if self.factor <= 1 else tf.minimum(scaled, WHITE)
