"""Motion blur: the camera moved along a row or a column of pixels (beyond Table 1)."""

from __future__ import annotations

import tensorflow as tf

from aesthkeras.degradations.contract import checked
from aesthkeras.degradations.gaussian_blur import pixels


def length_in_pixels(length: float, height: int, width: int) -> int:
    """Return the odd number of pixels nearest to `length` percent of the shorter edge, of 227 px at least."""
    return 2 * round((pixels(length, height, width) - 1) / 2) + 1


def apply(images: tf.Tensor, length: float, seed: tf.Tensor) -> tf.Tensor:
    """Average each image over a line of pixels, along its width or its height by chance.

    Args:
        images: float32 `[N, H, W, 3]` of any range.
        length: of the line, above 0, in percent of the shorter edge (of 227 px in smaller images).
        seed: int32 `[2]`; decides the direction of each image.

    Returns:
        float32 `[N, H, W, 3]` in the range of the images, mirrored at its edges.

    Raises:
        ValueError: a length of 0 or less, or images of the wrong type or shape.
    """
    images, height, width = checked(images)
    line = length_in_pixels(length, height, width)
    reach = line // 2
    sideways = tf.random.stateless_uniform([tf.shape(images)[0], 1, 1, 1], seed) < 0.5
    along_width = tf.pad(images, [[0, 0], [0, 0], [reach, reach], [0, 0]], "SYMMETRIC")
    along_height = tf.pad(images, [[0, 0], [reach, reach], [0, 0], [0, 0]], "SYMMETRIC")
    return tf.where(
        sideways,
        tf.nn.avg_pool2d(along_width, [1, line], 1, "VALID"),
        tf.nn.avg_pool2d(along_height, [line, 1], 1, "VALID"),
    )
