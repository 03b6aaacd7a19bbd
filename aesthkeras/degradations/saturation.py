"""Pale colours: every pixel drawn towards its own gray (an extension of Table 1)."""

from __future__ import annotations

import keras
import tensorflow as tf

from aesthkeras.degradations.towards_gray import TowardsGray

# Luma of ITU-R BT.601, as in Pillow's conversion to "L".
LUMA = (0.299, 0.587, 0.114)


@keras.saving.register_keras_serializable(package="aesthkeras")
class Saturation(TowardsGray):
    """Shrink the distance of every pixel to the gray of its luma.

    Extension of Table 1, attribute "Pale": factors 0.5 and 0.1.

        pale = aesthkeras.degradations.Saturation(0.5)(photos)

    Args:
        factor: share of the colour that is left, from 0 (a gray photo) to 1; no unit.
        **kwargs: those of `Degradation`.

    Raises:
        UsageError: a factor out of range.
    """

    def gray(self, images: tf.Tensor) -> tf.Tensor:
        """The luma of each pixel: float32 `[N, H, W, 1]`."""
        return tf.reduce_sum(images * tf.constant(LUMA), axis=-1, keepdims=True)
