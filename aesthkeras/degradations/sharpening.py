"""Oversharpening by an unsharp mask: what scorers take for detail unless they are taught (not in Table 1)."""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf

from aesthkeras.degradations.gaussian_blur import GaussianBlur
from aesthkeras.degradations.layer import Degradation
from aesthkeras.settings import require


@keras.saving.register_keras_serializable(package="aesthkeras")
class Sharpening(Degradation):
    """Add a multiple of what a Gaussian blur takes away, as an unsharp mask without a threshold does.

    No task is asked about it; scorers learn that a copy sharpened so is worse. Amounts 1.5 and 3.

        sharp = aesthkeras.degradations.Sharpening(3)(photos)

    Args:
        amount: of the difference that is added, 0 or more; 3 is Pillow's `UnsharpMask(percent=300)`.
        radius: standard deviation of the blur in pixels, above 0.
        **kwargs: those of `Degradation`.

    Raises:
        UsageError: an amount or a radius out of range.
    """

    arguments = ("amount", "radius")

    def __init__(self, amount: float, radius: float = 3.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.amount, self.radius = amount, radius
        require(self, "amount", 0 <= amount < math.inf, "0 or more")
        require(self, "radius", 0 < radius < math.inf, "more than 0")

    def edit(self, images: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
        """As `Degradation.edit`; the seed is not used."""
        images = tf.cast(images, tf.float32)
        blurred = GaussianBlur(self.radius, "pixel").edit(images, None)
        return tf.clip_by_value(images + self.amount * (images - blurred), 0.0, 255.0)
