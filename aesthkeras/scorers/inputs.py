"""The inputs of a head: features of a frozen encoder, or pixels where the encoder is fine-tuned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
import tensorflow as tf

from aesthkeras.finding.found import FoundEncoder
from aesthkeras.labelled.features import Features, crop_dataset
from aesthkeras.photos.patches import patch_dataset
from aesthkeras.photos.photo_set import PhotoSet

READ_AT_ONCE = 256  # photos whose features are in memory during testing


class Batch(NamedTuple):
    """One step's photos.

    Attributes:
        fed: the head's inputs.
        photos: their numbers, int64 `[N]`.
        pair: their centre crops, and a degraded copy of each; None if the head does not learn their order.
    """

    fed: Any
    photos: np.ndarray
    pair: tuple[Any, Any] | None = None


class HeadInputs(Protocol):
    """Photos of a labelled set as a head reads them."""

    def training(self, photos: np.ndarray, batch_size: int, seed: int, first_step: int) -> Iterator[Batch]:
        """Endless batches of random crops of some photos from a step on; seed and step decide them."""
        ...

    def centre(self, photos: np.ndarray) -> Iterator[Any]:
        """Batches of the centre crops of some photos, in their order."""
        ...

    def copies_of(self, photos: np.ndarray) -> Iterator[tuple[slice, Any]]:
        """Batches of the degraded copies of some photos: which of `photos`, and the head's inputs."""
        ...


class FeatureInputs:
    """Rows of extracted features: dicts of float32 `[N, values]`.

    Args:
        features: what `extract_features` returned, the centre crop first, degraded copies last.
        copies: how many of them are degraded copies.
    """

    def __init__(self, features: Features, copies: int = 0) -> None:
        self.features, self.copies = features, copies
        self.views = next(iter(features.values())).shape[1] - copies

    def training(self, photos: np.ndarray, batch_size: int, seed: int, first_step: int) -> Iterator[Batch]:
        """One view of each photo in each epoch; the next epoch fills a last, smaller batch."""
        epoch, skipped = divmod(first_step * batch_size, len(photos))
        rows = np.zeros((3, 0), np.int64)  # the next photos, their views, their degraded copies
        while True:
            while rows.shape[1] < batch_size:
                chance = np.random.default_rng([seed, epoch])
                order, view = chance.permutation(photos), chance.integers(0, self.views, len(photos))
                copy = self.views + chance.integers(0, max(self.copies, 1), len(photos))
                rows = np.concatenate([rows, np.stack([order, view, copy])[:, skipped:]], 1)
                epoch, skipped = epoch + 1, 0
            now, view, copy = rows[:, :batch_size]
            pair = (self._taken(now, 0), self._taken(now, copy)) if self.copies else None
            yield Batch(self._taken(now, view), now, pair)
            rows = rows[:, batch_size:]

    def _taken(self, photos: np.ndarray, places: np.ndarray | int) -> dict[str, np.ndarray]:
        return {name: array[photos, places] for name, array in self.features.items()}

    def centre(self, photos: np.ndarray) -> Iterator[Any]:
        """Dicts of float32 `[N, values]`."""
        for start in range(0, len(photos), READ_AT_ONCE):
            rows = photos[start : start + READ_AT_ONCE]
            yield self._taken(rows, 0)

    def copies_of(self, photos: np.ndarray) -> Iterator[tuple[slice, Any]]:
        """Copy by copy, so that no more photos are in memory than during testing."""
        for copy in range(self.views, self.views + self.copies):
            for start in range(0, len(photos), READ_AT_ONCE):
                rows = slice(start, start + READ_AT_ONCE)
                yield rows, self._taken(photos[rows], copy)


class PatchInputs:
    """Pixels of the photos: uint8 `[N, crop, crop, 3]`.

    Args:
        photo_set: all photos of the set.
        encoder: its crop and resize make the crops.
    """

    def __init__(self, photo_set: PhotoSet, encoder: FoundEncoder) -> None:
        self.photo_set, self.resize, self.crop = photo_set, encoder.resize, encoder.crop

    def training(self, photos: np.ndarray, batch_size: int, seed: int, first_step: int) -> Iterator[Batch]:
        """Random crops as in pre-training (`patch_dataset`)."""
        patches = patch_dataset(
            self.photo_set.of(photos), self.resize, self.crop, batch_size, seed=seed, first_step=first_step
        )
        for batch in patches:
            yield Batch(batch["patches"], photos[batch["photo"].numpy()])

    def centre(self, photos: np.ndarray) -> Iterator[tf.Tensor]:
        """Centre crops as in serving (`crop_dataset`)."""
        yield from crop_dataset(self.photo_set.of(photos), self.resize, self.crop)

    def copies_of(self, photos: np.ndarray) -> Iterator[tuple[slice, Any]]:
        """No batches: `ScorerRecipe` refuses degraded copies if the encoder is fine-tuned."""
        return iter(())
