"""Pixelation to square blocks (Table 1, "Soft / Grainy")."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aesthkeras.degradations.layer import Degradation
from aesthkeras.settings import require


@keras.saving.register_keras_serializable(package="aesthkeras")
class Pixelation(Degradation):
    """Give every pixel the mean of its block, counted from the top left; blocks at the edge may be smaller.

    Table 1, attribute "Soft / Grainy": blocks of 4 and 8 px.

        pixelated = aesthkeras.degradations.Pixelation(4)(photos)

    Args:
        block: edge of a block in pixels, an integer of at least 1.
        **kwargs: those of `Degradation`.

    Raises:
        UsageError: a block below 1, or no integer.
    """

    arguments = ("block",)

    def __init__(self, block: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.block = block
        require(self, "block", 1 <= block < math.inf and block == int(block), "an integer of at least 1")

    def edit(self, images: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
        """As `Degradation.edit`; the seed is not used."""
        height, width, block = int(images.shape[1]), int(images.shape[2]), int(self.block)
        means = _means(tf.cast(images, tf.float32), height, width, block)
        rows, columns = int(means.shape[1]), int(means.shape[2])
        wide = tf.tile(tf.reshape(means, [-1, rows, columns, 1, 3]), [1, 1, 1, block, 1])
        wide = tf.reshape(wide, [-1, rows, columns * block, 3])[:, :, :width]
        return tf.gather(wide, np.arange(height) // block, axis=1)


def _pixels_per_block(size: int, block: int) -> np.ndarray:
    """How many pixels along one edge each block holds; the last may have fewer."""
    return np.bincount(np.arange(size) // block).astype(np.float32)


def _means(images: tf.Tensor, height: int, width: int, block: int) -> tf.Tensor:
    """Average blocks: float32 `[N, H, W, 3]` to `[N, ceil(H / block), ceil(W / block), 3]`."""
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
    # A graph makes `/` of a constant a product with its reciprocal, which is not exact.
    return tf.math.divide_no_nan(sums, np.outer(rows, columns)[:, :, None])
