"""Rotation by quarter turns (Table 1, "Camera shake")."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from aesthkeras.degradations.layer import Degradation
from aesthkeras.settings import require


@keras.saving.register_keras_serializable(package="aesthkeras")
class Rotation(Degradation):
    """Turn photos counter-clockwise, without resampling; quarter turns exchange height and width.

    Table 1, attribute "Camera shake": 90, 180 and 270 degrees.

        turned = aesthkeras.degradations.Rotation(90)(photos)

    Args:
        degrees: 90, 180 or 270.
        **kwargs: those of `Degradation`.

    Raises:
        UsageError: another angle.
    """

    arguments = ("degrees",)

    def __init__(self, degrees: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.degrees = degrees
        require(self, "degrees", degrees in (90, 180, 270), "90, 180 or 270")

    def edit(self, images: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
        """As `Degradation.edit`, but uint8 stays uint8, and a quarter turn gives `[N, W, H, 3]`."""
        height, width = int(images.shape[1]), int(images.shape[2])
        if self.degrees == 180:
            # Two axes and the channels: what TensorFlow has a fast reversal for.
            reversed_pixels = tf.reverse(tf.reshape(images, [-1, height * width, 3]), [1])
            return tf.reshape(reversed_pixels, tf.shape(images))
        # Whole rows are the cheapest to reverse, so that happens after or before the transposition.
        if self.degrees == 90:
            return _reverse_rows(tf.transpose(images, [0, 2, 1, 3]))
        return tf.transpose(_reverse_rows(images), [0, 2, 1, 3])


def _reverse_rows(images: tf.Tensor) -> tf.Tensor:
    height, width = int(images.shape[1]), int(images.shape[2])
    rows = tf.reverse(tf.reshape(images, [-1, height, width * 3]), [1])
    return tf.reshape(rows, [-1, height, width, 3])
