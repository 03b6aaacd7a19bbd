"""Gaussian blur controlled by its standard deviation (Table 1, "Fuzzy")."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from aesthkeras.degradations import banded
from aesthkeras.degradations.contract import checked

# Standard deviations after which the kernel is cut, as in SciPy.
_TRUNCATE = 4.0

REFERENCE_EDGE = 227
"""Percent are of no less than the paper's patch: 0.2 percent of 131 px changed no pixel of 200 photos."""


def kernel(sigma: float) -> np.ndarray:
    """Return the sampled Gaussian `[2 r + 1]` of sum 1, r = 4 sigma rounded."""
    radius = int(_TRUNCATE * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return weights / weights.sum()


def _blur_matrix(size: int, sigma: float) -> np.ndarray:
    """Return `[size, size]`, a convolution along one axis with the image mirrored at its edges."""
    taps = kernel(sigma)
    radius = len(taps) // 2
    padded = np.pad(np.arange(size), radius, mode="symmetric")
    matrix = np.zeros((size, size))
    for row in range(size):
        np.add.at(matrix[row], padded[row : row + len(taps)], taps)
    return matrix.astype(np.float32)


def pixels(sigma: float, height: int, width: int, unit: str = "percent") -> float:
    """Return sigma in pixels for images of that size; `percent` is of the shorter edge, at least 227 px."""
    if unit not in ("percent", "pixel"):
        raise ValueError(f"unit is {unit!r}: expected percent or pixel")
    if not (sigma > 0 and math.isfinite(sigma)):
        raise ValueError(f"sigma is {sigma}: expected more than 0")
    return sigma * max(REFERENCE_EDGE, min(height, width)) / 100 if unit == "percent" else float(sigma)


def apply(
    images: tf.Tensor, sigma: float, seed: tf.Tensor | None = None, unit: str = "percent"
) -> tf.Tensor:
    """Convolve with a Gaussian cut at four standard deviations, the image mirrored at its edges.

    Args:
        images: float32 `[N, H, W, 3]` of any range.
        sigma: standard deviation, above 0.
        seed: unused; here so that all operations are called alike.
        unit: of sigma: `percent` of the shorter edge (of 227 px in smaller images), or `pixel`.

    Returns:
        float32 `[N, H, W, 3]` in the range of the images.

    Raises:
        ValueError: sigma of 0 or less, unknown unit, or images of the wrong type or shape.
    """
    images, height, width = checked(images)
    in_pixels = pixels(sigma, height, width, unit)
    blurred = banded.along_height(_blur_matrix(height, in_pixels), images)
    return banded.along_width(_blur_matrix(width, in_pixels), blurred)
