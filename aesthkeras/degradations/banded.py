"""Linear filters along one axis, as products with the blocks of a banded matrix that are not zero.

Each row of the matrix of a blur or an area average reaches only a few neighbours. Multiplied in blocks of
rows, each with the columns that it reaches, it costs a fraction of the dense product. Matrix products are
what a device does fastest; TensorFlow's depthwise convolutions are slower on a CPU. A GPU that multiplies in
TF32 may be wrong by a tenth of one of 255 levels.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

# Measured at 227 px: larger blocks multiply more zeros, smaller ones use the cores worse.
_ROWS = 24
_COLUMNS = 16


def _blocks(matrix: np.ndarray, size: int) -> Iterator[tuple[np.ndarray, int, int]]:
    """Blocks of rows of a matrix, each with its first and last column that are not all zero."""
    for start in range(0, len(matrix), size):
        rows = matrix[start : start + size]
        touched = np.flatnonzero(rows.any(axis=0))
        first, last = int(touched[0]), int(touched[-1]) + 1
        yield rows[:, first:last].astype(np.float32), first, last


def along_height(matrix: np.ndarray, images: tf.Tensor) -> tf.Tensor:
    """Multiply every column of pixels: `[h, H]` by float32 `[N, H, W, 3]` gives `[N, h, W, 3]`."""
    height, width = int(images.shape[1]), int(images.shape[2])
    lines = tf.reshape(images, [-1, height, width * 3])
    parts = [tf.matmul(block, lines[:, first:last]) for block, first, last in _blocks(matrix, _ROWS)]
    return tf.reshape(tf.concat(parts, axis=1), [-1, len(matrix), width, 3])


def along_width(matrix: np.ndarray, images: tf.Tensor) -> tf.Tensor:
    """Multiply every row of pixels: `[w, W]` by float32 `[N, H, W, 3]` gives `[N, H, w, 3]`."""
    height, width = int(images.shape[1]), int(images.shape[2])
    lines = tf.reshape(images, [-1, width * 3])
    parts = [
        # Channels interleave: each weight acts on three columns of its own.
        tf.matmul(lines[:, 3 * first : 3 * last], np.kron(block.T, np.eye(3, dtype=np.float32)))
        for block, first, last in _blocks(matrix, _COLUMNS)
    ]
    return tf.reshape(tf.concat(parts, axis=1), [-1, height, len(matrix), 3])
