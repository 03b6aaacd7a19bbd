"""Downsampling and bilinear upsampling back to the original resolution (Table 1, "Soft / Grainy")."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aesthkeras.degradations import banded
from aesthkeras.degradations.layer import Degradation
from aesthkeras.settings import require


@keras.saving.register_keras_serializable(package="aesthkeras")
class Downsampling(Degradation):
    """Reduce both edges by a factor, averaging over areas so that nothing aliases, and interpolate back.

    Table 1, attribute "Soft / Grainy": factors 4 and 6. The reduced edges are rounded to whole pixels: 227 px
    make 57 px by a factor of 4.

        soft = aesthkeras.degradations.Downsampling(4)(photos)

    Args:
        factor: by which both edges shrink, 1 or more; no unit.
        **kwargs: those of `Degradation`.

    Raises:
        UsageError: a factor below 1, or an infinite one.
    """

    arguments = ("factor",)

    def __init__(self, factor: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor
        require(self, "factor", 1 <= factor < math.inf, "1 or more")

    def edit(self, images: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
        """As `Degradation.edit`; the seed is not used."""
        height, width = int(images.shape[1]), int(images.shape[2])
        rows, columns = (max(1, round(edge / self.factor)) for edge in (height, width))
        small = banded.along_height(area_weights(height, rows), tf.cast(images, tf.float32))
        small = banded.along_width(area_weights(width, columns), small)
        return tf.image.resize(small, [height, width], tf.image.ResizeMethod.BILINEAR)


def area_weights(size: int, reduced: int) -> np.ndarray:
    """`[reduced, size]`: row i holds the share of each pixel in the i-th of `reduced` equal spans."""
    span = size / reduced
    left = np.arange(reduced)[:, None] * span
    pixel = np.arange(size)[None, :]
    overlap = np.minimum(left + span, pixel + 1) - np.maximum(left, pixel)
    return (np.maximum(overlap, 0) / span).astype(np.float32)
