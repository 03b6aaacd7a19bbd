"""Matrix products of blocks of features, on the GPU where there is one."""

from __future__ import annotations

from functools import cache

import numpy as np
import tensorflow as tf


@cache
def has_gpu() -> bool:
    """Whether TensorFlow sees one."""
    return bool(tf.config.list_physical_devices("GPU"))


def product(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The matrix product of two arrays of one floating dtype, as an array of it.

    A GPU rounds in another order than a CPU; `precision.use_precision` keeps it from rounding to TF32.

    Args:
        first: `[rows, inner]`.
        second: `[inner, columns]`.
    """
    if not has_gpu():
        return first @ second
    return tf.linalg.matmul(first, second).numpy()
