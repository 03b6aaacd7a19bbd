"""Pale colours: every pixel drawn towards its own gray (an extension of Table 1)."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow import keras

from aesthkeras.degradations.layer import Degradation
from aesthkeras.settings import require

# Luma of ITU-R BT.601, as in Pillow's conversion to "L".
LUMA = (0.299, 0.587, 0.114)


@keras.saving.register_keras_serializable(package="aesthkeras")
class Saturation(Degradation):
    """Shrink the distance of every pixel to the gray of its luma.

    Extension of Table 1, attribute "Pale": factors 0.5 and 0.1.

        pale = aesthkeras.degradations.Saturation(0.5)(photos)

    Args:
        factor: share of the colour that is left, from 0 (a gray photo) to 1; no unit.
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
        gray = tf.reduce_sum(images * tf.constant(LUMA), axis=-1, keepdims=True)
        return gray + self.factor * (images - gray)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the layer."""
        return {**super().get_config(), "factor": self.factor}
