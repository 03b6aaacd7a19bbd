"""The out-of-fold predictions of a probe run as arrays, to be compared with those of another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from aesthkeras.errors import UsageError
from aesthkeras.labelled.predictions import PREDICTIONS, read_probabilities
from aesthkeras.reports.probe_runs import APART, ProbeRun


@dataclass(frozen=True)
class Predictions:
    """Predictions at one label fraction, of L layers in R repeats for N photos.

    `units` int `[N]` says which photos are drawn together (a group, or a photo alone); `labels` int8
    `[R, N]`, -1 where there is none; `probabilities` float32 `[L, R, N]` of the positive class, NaN where a
    photo was not tested; with `has_seeds`, repeats of training seed s are numbered from `APART` times s on.
    """

    ids: np.ndarray
    units: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray
    repeats: tuple[int, ...]
    has_seeds: bool = False

    @property
    def has_groups(self) -> bool:
        """Whether some photos are drawn together."""
        return len(np.unique(self.units)) < len(self.units)

    def of_layers(self, places: Sequence[int]) -> Predictions:
        """The predictions of some layers, in the given order."""
        return replace(self, probabilities=self.probabilities[list(places)])

    def majority(self) -> float:
        """The accuracy of always answering the commoner class of the tested photos; NaN without labels."""
        tested = self.labels[(self.labels >= 0) & np.isfinite(self.probabilities[0])]
        return max(float(np.mean(tested)), 1 - float(np.mean(tested))) if len(tested) else float("nan")


def read_predictions(run: ProbeRun, fraction: float = 1.0) -> Predictions:
    """Reads a run's predictions at `fraction`.

    Raises:
        UsageError: the file is missing, damaged, or its arrays do not fit each other or results.csv.
    """
    if run.by_seed:
        return _of_seeds({seed: read_predictions(one, fraction) for seed, one in run.by_seed.items()})
    found = read_probabilities(run.folder, fraction)
    repeats = tuple(found.labels)
    tested = {score.repeat for score in run.scores if score.fraction == fraction}
    expected = {(layer, repeat) for layer in run.layers for repeat in tested}
    if not repeats or not expected <= set(found.predicted):
        raise UsageError(
            f"{run.folder / PREDICTIONS}: expected predictions of every layer and repeat at fraction "
            f"{fraction:g}"
        )
    return Predictions(
        found.ids,
        _units(found.groups, len(found.ids)),
        np.stack([found.labels[repeat] for repeat in repeats]),
        np.stack([[found.predicted[layer, repeat] for repeat in repeats] for layer in run.layers]),
        repeats,
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
        np.concatenate([one.probabilities for one in found.values()], axis=1),
        tuple(repeat + APART * seed for seed, one in found.items() for repeat in one.repeats),
        has_seeds=True,
    )


def _units(groups: np.ndarray, photos: int) -> np.ndarray:
    """A number for each photo; photos of a group share it. An empty name (or -1, as a number) is no group."""
    alone = np.arange(photos)
    if groups.shape != (photos,) or len(np.unique(groups)) < 2:
        return alone
    is_grouped = groups >= 0 if np.issubdtype(groups.dtype, np.number) else groups.astype(str) != ""
    _, numbers = np.unique(groups, return_inverse=True)
    return np.where(is_grouped, photos + numbers, alone)
