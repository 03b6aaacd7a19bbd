"""Rows of a feature matrix that lies in a file: read a block at a time, and let go of again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from aesthkeras.networks.settings import STANDARDIZATION_EPSILON


@dataclass(frozen=True)
class FeatureRows:
    """Some rows of a matrix.

    Attributes:
        matrix: float32 `[rows of all, values]`, in memory or mapped.
        chosen: int `[rows]`: which of them.
    """

    matrix: np.ndarray
    chosen: np.ndarray

    def __len__(self) -> int:
        """How many rows."""
        return len(self.chosen)

    @property
    def values(self) -> int:
        """How many values a row has."""
        return int(self.matrix.shape[1])

    def of(self, places: np.ndarray) -> FeatureRows:
        """The rows at some places of these."""
        return FeatureRows(self.matrix, self.chosen[places])

    def read(self) -> np.ndarray:
        """All rows, float32 `[rows, values]`, in memory."""
        rows: np.ndarray = _mapped_anew(self.matrix)[self.chosen]  # a copy, as the choice is an array
        return rows

    def blocks(self, at_once: int) -> Iterator[tuple[slice, np.ndarray]]:
        """Yields the places of rows and the rows, float32 `[at most at_once, values]`, free to be changed."""
        for start in range(0, len(self), at_once):
            places = slice(start, min(start + at_once, len(self)))
            yield places, self.of(np.arange(places.start, places.stop)).read()


@dataclass(frozen=True)
class Standardisation:
    """Batch normalisation without scale and shift; then all values are divided by the root of their number.

    Attributes:
        mean: float32 `[values]`.
        scale: float32 `[values]`, by which a value less its mean is multiplied.
    """

    mean: np.ndarray
    scale: np.ndarray

    def blocks(self, rows: FeatureRows, at_once: int) -> Iterator[tuple[slice, np.ndarray]]:
        """Yields what `rows.blocks` yields, standardised."""
        for places, block in rows.blocks(at_once):
            block -= self.mean
            block *= self.scale
            yield places, block


def standardisation_of(rows: FeatureRows, at_once: int) -> Standardisation:
    """Reads the rows twice: once for the means, once for the deviations from them."""
    mean, variance = np.zeros(rows.values), np.zeros(rows.values)
    for _, block in rows.blocks(at_once):
        mean += block.sum(0, dtype=np.float64) / len(rows)
    center = mean.astype(np.float32)
    for _, block in rows.blocks(at_once):
        block -= center
        variance += np.einsum("rv,rv->v", block, block, dtype=np.float64) / len(rows)
    variance -= np.square(mean - center)
    scale = 1 / np.sqrt((variance + STANDARDIZATION_EPSILON) * rows.values)
    return Standardisation(center, scale.astype(np.float32))


def _mapped_anew(matrix: np.ndarray) -> np.ndarray:
    """A map of its own for a mapped matrix: its pages count as memory only until the map is dropped."""
    if not isinstance(matrix, np.memmap) or matrix.filename is None:
        return matrix
    return np.memmap(matrix.filename, matrix.dtype, "r", matrix.offset, matrix.shape)
