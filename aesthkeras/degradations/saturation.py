"""Pale colours: every pixel drawn towards its own gray (beyond Table 1)."""

from __future__ import annotations

import tensorflow as tf

from aesthkeras.degradations.contract import checked, drawn_towards

# Luma of ITU-R BT.601, as in Pillow's conversion to "L".
LUMA = (0.299, 0.587, 0.114)


def apply(images: tf.Tensor, factor: float, seed: tf.Tensor | None = None) -> tf.Tensor:
    """Shrink the distance of every pixel to the gray of its luma.

    Args:
        images: float32 RGB `[N, H, W, 3]` of any range.
        factor: share of the colour that is left, from 0 to 1.
        seed: unused; here so that all operations are called alike.

    Returns:
        float32 `[N, H, W, 3]` in the range of the images.

    Raises:
        ValueError: a factor out of range, or images of the wrong type or shape.
    """
    images, _, _ = checked(images)
    return drawn_towards(images, tf.reduce_sum(images * tf.constant(LUMA), axis=-1, keepdims=True), factor)
