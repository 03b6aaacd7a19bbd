"""The out-of-fold predictions of a probe run as arrays, to be compared with those of another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from aesthkeras.errors import UsageError
from aesthkeras.labelled.predictions import PREDICTIONS, PROBED_AGAIN, read_probabilities
from aesthkeras.reports.probe_runs import ProbeRun


@dataclass(frozen=True)
class Predictions:
    """Predictions at one label fraction, of L layers in R replicates for N photos.

    A replicate is a repeat, or one probe seed of it; `repeats` says which repeat. `units` int `[N]` says
    which photos are drawn together (a group, or a photo alone); `labels` int8 `[R, N]`, -1 where there is
    none; `folds` int16 `[R, N]`, in which fold a photo was tested, -1 where it was not; `probabilities`
    float32 `[L, R, N]` of the positive class, NaN where a photo was not tested; `training_seeds` says of
    which training of the encoder a replicate is, 0 where there is one.
    """

    ids: np.ndarray
    units: np.ndarray
    labels: np.ndarray
    folds: np.ndarray
    probabilities: np.ndarray
    repeats: tuple[int, ...]
    training_seeds: tuple[int, ...]

    def of_layers(self, places: Sequence[int]) -> Predictions:
        """The predictions of some layers, in the given order."""
        return replace(self, probabilities=self.probabilities[list(places)])

    def of_replicates(self, rows: np.ndarray) -> Predictions:
        """The predictions in some replicates, int `[rows]`, in the given order."""
        return replace(
            self,
            labels=self.labels[rows],
            folds=self.folds[rows],
            probabilities=self.probabilities[:, rows],
            repeats=tuple(self.repeats[row] for row in rows),
            training_seeds=tuple(self.training_seeds[row] for row in rows),
        )

    def by_training_seed(self) -> list[Predictions]:
        """The predictions of each training of the encoder apart."""
        seeds = np.array(self.training_seeds)
        return [self.of_replicates(np.flatnonzero(seeds == seed)) for seed in np.unique(seeds)]

    def of_photos(self, chosen: np.ndarray) -> Predictions:
        """The predictions for some photos: bool `[N]`."""
        return replace(
            self,
            ids=self.ids[chosen],
            units=self.units[chosen],
            labels=self.labels[:, chosen],
            folds=self.folds[:, chosen],
            probabilities=self.probabilities[..., chosen],
        )

    def is_tested(self) -> np.ndarray:
        """In which replicates a photo has a fold, a label and a prediction of every layer, bool `[R, N]`."""
        return (self.folds >= 0) & (self.labels >= 0) & np.isfinite(self.probabilities).all(axis=0)

    def tests(self) -> Iterator[tuple[int, np.ndarray]]:
        """Each test that the tables average: a replicate, and the photos of one of its folds."""
        for row, (folds, is_tested) in enumerate(zip(self.folds, self.is_tested())):
            for fold in np.unique(folds[is_tested]):
                yield row, np.flatnonzero(is_tested & (folds == fold))

    def majority(self) -> float:
        """The accuracy of always answering the commoner class, averaged as the tables do; NaN if untested."""
        shares = [float(np.mean(self.labels[row, photos])) for row, photos in self.tests()]
        return max(float(np.mean(shares)), 1 - float(np.mean(shares))) if shares else float("nan")


def read_predictions(run: ProbeRun, fraction: float = 1.0) -> Predictions:
    """Reads a run's predictions at `fraction`.

    Raises:
        UsageError: the file is missing, damaged, or its arrays do not fit each other or results.csv.
    """
    if run.by_seed:
        return _of_seeds({seed: read_predictions(one, fraction) for seed, one in run.by_seed.items()})
    found = read_probabilities(run.folder, fraction)
    repeats = tuple(found.labels)
    photos = len(found.ids)
    tested = {score.repeat for score in run.scores if score.fraction == fraction}
    expected = {(layer, repeat) for layer in run.layers for repeat in tested}
    if not repeats or not expected <= set(found.predicted):
        raise UsageError(
            f"{run.folder / PREDICTIONS}: expected predictions of every layer and repeat at fraction "
            f"{fraction:g}"
        )
    if any(values.size != photos * run.seeds for values in found.predicted.values()):
        raise UsageError(
            f"{run.folder / PREDICTIONS}: expected predictions of each of {run.seeds} seeds, {PROBED_AGAIN}"
        )
    by_seed = [
        np.stack([found.predicted[layer, repeat].reshape(photos, -1).T for layer in run.layers])
        for repeat in repeats
    ]  # [layers, probe seeds, photos] of each repeat
    rows = [repeat for repeat in repeats for _ in range(run.seeds)]
    return Predictions(
        found.ids,
        _units(found.groups, photos),
        np.stack([found.labels[repeat] for repeat in rows]),
        np.stack([found.folds[repeat] for repeat in rows]),
        np.concatenate(by_seed, axis=1),
        tuple(rows),
        (0,) * len(rows),
    )


def _of_seeds(found: Mapping[int, Predictions]) -> Predictions:
    """The repeats of all training seeds side by side."""
    first, *others = found.values()
    if any(not np.array_equal(first.ids, other.ids) for other in others):
        raise UsageError("pool_seeds: expected runs of all seeds on the same photos in the same order")
    return Predictions(
        first.ids,
        first.units,
        np.concatenate([one.labels for one in found.values()]),
        np.concatenate([one.folds for one in found.values()]),
        np.concatenate([one.probabilities for one in found.values()], axis=1),
        tuple(repeat for one in found.values() for repeat in one.repeats),
        tuple(seed for seed, one in found.items() for _ in one.repeats),
    )


def _units(groups: np.ndarray, photos: int) -> np.ndarray:
    """A number for each photo; photos of a group share it. An empty name (or -1, as a number) is no group."""
    alone = np.arange(photos)
    if groups.shape != (photos,) or len(np.unique(groups)) < 2:
        return alone
    is_grouped = groups >= 0 if np.issubdtype(groups.dtype, np.number) else groups.astype(str) != ""
    _, numbers = np.unique(groups, return_inverse=True)
    return np.where(is_grouped, photos + numbers, alone)
