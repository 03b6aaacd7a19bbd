"""Pixelation to square blocks (Table 1, "Soft / Grainy")."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from aesthkeras.degradations.contract import checked


def _mean_rows(size: int, block: int) -> np.ndarray:
    """Return `[ceil(size / block), size]`: row i averages the pixels of block i, the last one maybe short."""
    owner = np.arange(size) // block
    member = owner[None, :] == np.arange(owner[-1] + 1)[:, None]
    return (member / member.sum(axis=1, keepdims=True)).astype(np.float32)


def apply(images: tf.Tensor, block: float, seed: tf.Tensor | None = None) -> tf.Tensor:
    """Give every pixel the mean of its block, counted from the top left; edge blocks may be smaller.

    Args:
        images: float32 `[N, H, W, 3]` of any range.
        block: edge of a block in pixels, an integer of at least 1.
        seed: unused; here so that all operations are called alike.

    Returns:
        float32 `[N, H, W, 3]` in the range of the images.

    Raises:
        ValueError: block below 1 or no integer, or images of the wrong type or shape.
    """
    images, height, width = checked(images)
    if block < 1 or block != int(block):
        raise ValueError(f"block is {block}: expected an integer of at least 1")
    size = int(block)
    rows, columns = _mean_rows(height, size), _mean_rows(width, size)
    means = tf.einsum("ih,nhwc->niwc", rows, images)
    means = tf.einsum("jw,niwc->nijc", columns, means)
    return tf.repeat(tf.repeat(means, size, axis=1), size, axis=2)[:, :height, :width]
