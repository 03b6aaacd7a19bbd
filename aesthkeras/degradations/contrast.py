"""Low contrast: every value drawn towards the photo's mean (beyond Table 1)."""

from __future__ import annotations

import tensorflow as tf

from aesthkeras.degradations.contract import checked, drawn_towards


def apply(images: tf.Tensor, factor: float, seed: tf.Tensor | None = None) -> tf.Tensor:
    """Shrink the distance of every value to the mean of its image, over all three channels.

    Args:
        images: float32 `[N, H, W, 3]` of any range.
        factor: share of the contrast that is left, from 0 to 1.
        seed: unused; here so that all operations are called alike.

    Returns:
        float32 `[N, H, W, 3]` in the range of the images.

    Raises:
        ValueError: a factor out of range, or images of the wrong type or shape.
    """
    images, _, _ = checked(images)
    return drawn_towards(images, tf.reduce_mean(images, axis=[1, 2, 3], keepdims=True), factor)
