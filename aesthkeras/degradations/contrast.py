"""Low contrast: every value drawn towards the photo's mean (an extension of Table 1)."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow import keras

from aesthkeras.degradations.layer import Degradation
from aesthkeras.settings import require


@keras.saving.register_keras_serializable(package="aesthkeras")
class Contrast(Degradation):
    """Shrink the distance of every value to the mean of its photo, taken over all three channels.

    Extension of Table 1, attribute "Flat": factors 0.6 and 0.3.

        flat = aesthkeras.degradations.Contrast(0.6)(photos)

    Args:
        factor: share of the contrast that is left, from 0 to 1; no unit.
        **kwargs: those of `Degradation`.

    Raises:
        UsageError: a factor out of range.
    """

    def __init__(self, factor: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor
        require(self, "factor", 0 <= factor <= 1, "0 to 1")

    def edit(self, images: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
        """As `Degradation.edit`; the seed is not used."""
        images = tf.cast(images, tf.float32)
        gray = tf.reduce_mean(images, axis=[1, 2, 3], keepdims=True)
        return gray + self.factor * (images - gray)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the layer."""
        return {**super().get_config(), "factor": self.factor}
