"""What a head is fed: features of a frozen encoder, or pixels where the encoder is trained along."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from aesthkeras.adaptation.features import Features, crop_dataset
from aesthkeras.data.inspection import PhotoSet
from aesthkeras.data.patches import patch_dataset
from aesthkeras.encoders.find import FoundEncoder

TESTED_AT_ONCE = 256  # photos whose features are in memory during testing

Batch = tuple[Any, np.ndarray]  # what the head is fed, and int64 [N], the photos' numbers


class HeadInputs(Protocol):
    """Photos of a labelled set as a head sees them."""

    def training(self, photos: np.ndarray, batch_size: int, seed: int, first_step: int) -> Iterator[Batch]:
        """Endless batches of random crops of some photos, from a step on; seed and step decide all."""
        ...

    def centre(self, photos: np.ndarray) -> Iterator[Any]:
        """Batches of the centre crops of some photos, in their order."""
        ...


class FeatureInputs:
    """Rows of extracted features: dicts of float32 `[N, values]`.

    Args:
        features: what `extract_features` returned, the centre crop first.
    """

    def __init__(self, features: Features) -> None:
        self.features = features

    def training(self, photos: np.ndarray, batch_size: int, seed: int, first_step: int) -> Iterator[Batch]:
        """An epoch shows each photo once, by one of its views; what fills no batch opens the next epoch."""
        views = next(iter(self.features.values())).shape[1]
        epoch, skipped = divmod(first_step * batch_size, len(photos))
        rows, chosen = np.zeros(0, np.int64), np.zeros(0, np.int64)  # of what comes next
        while True:
            while len(rows) < batch_size:
                chance = np.random.default_rng([seed, epoch])
                order, view = chance.permutation(photos), chance.integers(0, views, len(photos))
                rows = np.concatenate([rows, order[skipped:]])
                chosen = np.concatenate([chosen, view[skipped:]])
                epoch, skipped = epoch + 1, 0
            now, then = rows[:batch_size], chosen[:batch_size]
            yield {name: array[now, then] for name, array in self.features.items()}, now
            rows, chosen = rows[batch_size:], chosen[batch_size:]

    def centre(self, photos: np.ndarray) -> Iterator[Any]:
        """Dicts of float32 `[N, values]`."""
        for start in range(0, len(photos), TESTED_AT_ONCE):
            rows = photos[start : start + TESTED_AT_ONCE]
            yield {name: array[rows, 0] for name, array in self.features.items()}


class PatchInputs:
    """Pixels of the photos: uint8 `[N, crop, crop, 3]`.

    Args:
        photo_set: all photos of the set.
        encoder: its crop and resize make the crops.
    """

    def __init__(self, photo_set: PhotoSet, encoder: FoundEncoder) -> None:
        self.photo_set, self.resize, self.crop = photo_set, encoder.resize, encoder.crop

    def training(self, photos: np.ndarray, batch_size: int, seed: int, first_step: int) -> Iterator[Batch]:
        """As pre-training cuts them: `patch_dataset`."""
        patches = patch_dataset(
            self.photo_set.of(photos), self.resize, self.crop, batch_size, seed=seed, first_step=first_step
        )
        for batch in patches:
            yield batch["patches"], photos[batch["photo"].numpy()]

    def centre(self, photos: np.ndarray) -> Iterator[tf.Tensor]:
        """As serving cuts them: `crop_dataset`."""
        yield from crop_dataset(self.photo_set.of(photos), self.resize, self.crop)
