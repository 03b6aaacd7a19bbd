"""Rotation by quarter turns (Table 1, "Camera shake")."""

from __future__ import annotations

import tensorflow as tf

from aesthkeras.degradations.contract import checked


def apply(images: tf.Tensor, degrees: float, seed: tf.Tensor | None = None) -> tf.Tensor:
    """Turn images counter-clockwise by 90, 180 or 270 degrees, without resampling.

    Args:
        images: float32 or uint8 `[N, H, W, 3]` of any range; square unless `degrees` is 180.
        degrees: 90, 180 or 270.
        seed: unused; here so that all operations are called alike.

    Returns:
        The turned images, of the same shape and type.

    Raises:
        ValueError: another angle, a quarter turn of images that are not square (their shape would change),
            or images of the wrong type or shape.
    """
    images, height, width = checked(images, tf.float32, tf.uint8)
    if degrees not in (90, 180, 270):
        raise ValueError(f"rotation is {degrees} degrees: expected 90, 180 or 270")
    if degrees != 180 and height != width:
        raise ValueError(f"a rotation by {degrees} degrees needs square images, not {height} x {width}")
    if degrees == 180:
        # Two axes and the channels: what TensorFlow has a fast reversal for.
        return tf.reshape(tf.reverse(tf.reshape(images, [-1, height * width, 3]), [1]), tf.shape(images))
    # Whole rows are the cheapest to reverse, so that happens after or before the transposition.
    if degrees == 90:
        return _reverse_rows(tf.transpose(images, [0, 2, 1, 3]))
    return tf.transpose(_reverse_rows(images), [0, 2, 1, 3])


def _reverse_rows(images: tf.Tensor) -> tf.Tensor:
    height, width = int(images.shape[1]), int(images.shape[2])
    rows = tf.reverse(tf.reshape(images, [-1, height, width * 3]), [1])
    return tf.reshape(rows, [-1, height, width, 3])
