"""Haze: light scattered between scene and lens (an extension of Table 1)."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from aesthkeras.degradations.layer import WHITE, Degradation
from aesthkeras.settings import require

AIRLIGHT = 0.9
"""What an endlessly far scene looks like, as a share of white."""


@keras.saving.register_keras_serializable(package="aesthkeras")
class Haze(Degradation):
    """Mix every value with the airlight: Koschmieder's law with one depth for the whole photo.

    Extension of Table 1, attribute "Flat": densities 0.3 and 0.6.

        hazy = aesthkeras.degradations.Haze(0.3)(photos)

    Args:
        density: share of the airlight in every pixel, from 0 to 1; no unit.
        **kwargs: those of `Degradation`.

    Raises:
        UsageError: a density out of range.
    """

    arguments = ("density",)

    def __init__(self, density: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.density = density
        require(self, "density", 0 <= density <= 1, "0 to 1")

    def edit(self, images: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
        """As `Degradation.edit`; the seed is not used."""
        images = tf.cast(images, tf.float32)
        return (1 - self.density) * images + self.density * AIRLIGHT * WHITE
