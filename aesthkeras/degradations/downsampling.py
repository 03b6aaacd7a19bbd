"""Downsampling and bilinear upsampling back to the original resolution (Table 1, "Soft / Grainy")."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from aesthkeras.degradations import banded
from aesthkeras.degradations.contract import checked


def area_weights(size: int, reduced: int) -> np.ndarray:
    """Return `[reduced, size]`: row i holds the share of each pixel in the i-th of `reduced` equal spans."""
    span = size / reduced
    left = np.arange(reduced)[:, None] * span
    pixel = np.arange(size)[None, :]
    overlap = np.minimum(left + span, pixel + 1) - np.maximum(left, pixel)
    return (np.maximum(overlap, 0) / span).astype(np.float32)


def apply(images: tf.Tensor, factor: float, seed: tf.Tensor | None = None) -> tf.Tensor:
    """Reduce both edges by a factor, averaging over areas so that nothing aliases, and interpolate back.

    The reduced edges are rounded to whole pixels: 227 px make 57 px by a factor of 4.

    Args:
        images: float32 `[N, H, W, 3]` of any range.
        factor: 1 or more.
        seed: unused; here so that all operations are called alike.

    Returns:
        float32 `[N, H, W, 3]` in the range of the images.

    Raises:
        ValueError: a factor below 1, or images of the wrong type or shape.
    """
    images, height, width = checked(images)
    if factor < 1:
        raise ValueError(f"factor is {factor}: expected 1 or more")
    rows, columns = (max(1, round(edge / factor)) for edge in (height, width))
    small = banded.along_height(area_weights(height, rows), images)
    small = banded.along_width(area_weights(width, columns), small)
    return tf.image.resize(small, [height, width], tf.image.ResizeMethod.BILINEAR)
