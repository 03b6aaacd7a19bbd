"""Gaussian blur controlled by its standard deviation (Table 1, "Fuzzy")."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aesthkeras.degradations import banded
from aesthkeras.degradations.layer import Degradation
from aesthkeras.settings import require

# Standard deviations after which the kernel is cut, as in SciPy.
_TRUNCATE = 4.0

REFERENCE_EDGE = 227
"""Percent are of no less than the paper's patch: 0.2 percent of 131 px changed no pixel of 200 photos."""


@keras.saving.register_keras_serializable(package="aesthkeras")
class GaussianBlur(Degradation):
    """Convolve with a Gaussian cut at four standard deviations; photos are mirrored at their edges.

    Table 1, attribute "Fuzzy": sigma 0.2 and 0.8. The extension's defocus is the same with 1.2 and 3.

        blurred = aesthkeras.degradations.GaussianBlur(0.8)(photos)

    Args:
        sigma: standard deviation, above 0.
        unit: of sigma: `percent` of the shorter edge (of 227 px in smaller photos), or `pixel`.
        **kwargs: those of `Degradation`.

    Raises:
        UsageError: a sigma out of range, or an unknown unit.
    """

    arguments = ("sigma", "unit")

    def __init__(self, sigma: float, unit: str = "percent", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sigma = sigma
        self.unit = unit
        require(self, "sigma", 0 < sigma < math.inf, "more than 0")
        require(self, "unit", unit in ("percent", "pixel"), "percent or pixel")

    def edit(self, images: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
        """As `Degradation.edit`; the seed is not used."""
        height, width = int(images.shape[1]), int(images.shape[2])
        sigma = in_pixels(self.sigma, height, width) if self.unit == "percent" else self.sigma
        blurred = banded.along_height(_blur_matrix(height, sigma), tf.cast(images, tf.float32))
        return banded.along_width(_blur_matrix(width, sigma), blurred)


def in_pixels(percent: float, height: int, width: int) -> float:
    """Percent of the shorter edge in pixels; edges below 227 px count as 227."""
    return percent * max(REFERENCE_EDGE, min(height, width)) / 100


def kernel(sigma: float) -> np.ndarray:
    """The sampled Gaussian `[2 r + 1]` of sum 1; r is 4 sigma, rounded."""
    radius = int(_TRUNCATE * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return weights / weights.sum()


def _blur_matrix(size: int, sigma: float) -> np.ndarray:
    """`[size, size]`, a convolution along one axis with the photo mirrored at its edges."""
    taps = kernel(sigma)
    radius = len(taps) // 2
    padded = np.pad(np.arange(size), radius, mode="symmetric")
    matrix = np.zeros((size, size))
    for row in range(size):
        np.add.at(matrix[row], padded[row : row + len(taps)], taps)
    return matrix.astype(np.float32)
