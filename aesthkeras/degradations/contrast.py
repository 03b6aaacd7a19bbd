"""Low contrast: every value drawn towards the photo's mean (an extension of Table 1)."""

from __future__ import annotations

import keras
import tensorflow as tf

from aesthkeras.degradations.towards_gray import TowardsGray


@keras.saving.register_keras_serializable(package="aesthkeras")
class Contrast(TowardsGray):
    """Shrink the distance of every value to the mean of its photo, taken over all three channels.

    Extension of Table 1, attribute "Flat": factors 0.6 and 0.3.

        flat = aesthkeras.degradations.Contrast(0.6)(photos)

    Args:
        factor: share of the contrast that is left, from 0 to 1; no unit.
        **kwargs: those of `Degradation`.

    Raises:
        UsageError: a factor out of range.
    """

    def gray(self, images: tf.Tensor) -> tf.Tensor:
        """The mean of each photo: float32 `[N, 1, 1, 1]`."""
        return tf.reduce_mean(images, axis=[1, 2, 3], keepdims=True)
