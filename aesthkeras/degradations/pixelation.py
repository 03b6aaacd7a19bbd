"""Pixelation to square blocks (Table 1, "Soft / Grainy")."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from aesthkeras.degradations.contract import checked


def _pixels_per_block(size: int, block: int) -> np.ndarray:
    """Return how many pixels along one edge each block holds: the last may have fewer."""
    return np.bincount(np.arange(size) // block).astype(np.float32)


def _means(images: tf.Tensor, height: int, width: int, block: int) -> tf.Tensor:
    """Average blocks: `[N, H, W, 3]` to `[N, ceil(H / block), ceil(W / block), 3]`."""
    rows, columns = _pixels_per_block(height, block), _pixels_per_block(width, block)
    missing = [[0, 0], [0, len(rows) * block - height], [0, len(columns) * block - width], [0, 0]]
    # A strided convolution: faster than a reshaped mean, and it pads without a copy.
    each_channel = np.tile(np.eye(3, dtype=np.float32), (block, block, 1, 1))
    # oneDNN gives the convolution of no images the shape of its input (TensorFlow 2.15).
    sums = tf.cond(
        tf.shape(images)[0] > 0,
        lambda: tf.nn.conv2d(images, each_channel, strides=block, padding=missing),
        lambda: tf.zeros([0, len(rows), len(columns), 3]),
    )
    return sums / np.outer(rows, columns)[:, :, None]


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
    means = _means(images, height, width, size)
    rows, columns = int(means.shape[1]), int(means.shape[2])
    wide = tf.tile(tf.reshape(means, [-1, rows, columns, 1, 3]), [1, 1, 1, size, 1])
    wide = tf.reshape(wide, [-1, rows, columns * size, 3])[:, :, :width]
    return tf.gather(wide, np.arange(height) // size, axis=1)
