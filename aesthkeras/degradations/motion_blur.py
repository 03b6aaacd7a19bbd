"""Motion blur: the camera moved along a row or a column of pixels (an extension of Table 1)."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from aesthkeras.degradations.gaussian_blur import in_pixels
from aesthkeras.degradations.layer import Degradation
from aesthkeras.settings import require


@keras.saving.register_keras_serializable(package="aesthkeras")
class MotionBlur(Degradation):
    """Average each photo over a line of pixels, along its width or its height by chance.

    Extension of Table 1, attribute "Camera shake": lengths 2.2 and 4.8 (5 and 11 px up to 227 px). Photos are
    mirrored at their edges.

        shaken = aesthkeras.degradations.MotionBlur(2.2)(photos)

    Args:
        length: of the line, above 0 and at most 25, in percent of the shorter edge (of 227 px in smaller
            photos).
        **kwargs: those of `Degradation`.

    Raises:
        UsageError: a length out of range.
    """

    arguments = ("length",)
    random = True

    def __init__(self, length: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.length = length
        require(self, "length", 0 < length <= 25, "more than 0, at most 25")

    def edit(self, images: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
        """As `Degradation.edit`; the seed decides the direction of each photo."""
        images = tf.cast(images, tf.float32)
        line = length_in_pixels(self.length, int(images.shape[1]), int(images.shape[2]))
        reach = line // 2
        sideways = tf.random.stateless_uniform([tf.shape(images)[0], 1, 1, 1], seed) < 0.5
        along_width = tf.pad(images, [[0, 0], [0, 0], [reach, reach], [0, 0]], "SYMMETRIC")
        along_height = tf.pad(images, [[0, 0], [reach, reach], [0, 0], [0, 0]], "SYMMETRIC")
        return tf.where(
            sideways,
            tf.nn.avg_pool2d(along_width, [1, line], 1, "VALID"),
            tf.nn.avg_pool2d(along_height, [line, 1], 1, "VALID"),
        )


def length_in_pixels(length: float, height: int, width: int) -> int:
    """The odd number of pixels nearest to `length` percent of the shorter edge, of 227 px at least."""
    return 2 * round((in_pixels(length, height, width) - 1) / 2) + 1
