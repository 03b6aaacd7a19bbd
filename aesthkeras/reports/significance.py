"""Paired differences between two encoders, with intervals from a bootstrap over photos or over groups.

A difference is that of two cells of the tables (`probe_tables`): the measure in each fold, averaged over the
folds of a repeat, then over repeats and seeds. Both encoders are tested on the same photos. So photos are
resampled, each with the predictions of both encoders in every layer and repeat. Photos of one group are not
independent: then groups are resampled. The interval is the percentile interval of Efron and Tibshirani
(1993). It says how the difference depends on the photos that were tested, not how it depends on those that
trained the probes or on the seed of pre-training: it is too narrow for a statement about these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from aesthkeras.errors import UsageError
from aesthkeras.reports.predictions import Predictions
from aesthkeras.reports.probe_runs import APART

ENTRIES_AT_ONCE = 4_000_000  # resamples x photos held at a time, 32 MB of float64
Statistic = Callable[[np.ndarray], np.ndarray]
"""Weights of the photos, float64 `[B, N]` -> `[B, L]`."""
FoldStatistic = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""Of the photos of one fold: probabilities `[L, N]`, labels `[N]`, weights `[B, N]` -> `[B, L]`, NaN where
it is undefined."""


@dataclass(frozen=True)
class Difference:
    """This encoder less the reference, with the ends of the interval; on the measure's scale."""

    mean: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval lies on one side of 0."""
        return self.low > 0 or self.high < 0


def paired_differences(
    tested: Predictions,
    reference: Predictions,
    measure: str = "accuracy",
    resamples: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[Difference, ...]:
    """The difference of each layer, and last of the average over layers.

    A fold of a resample in which the measure is undefined is left out, as in the tables. The positive class
    is predicted from a probability of 0.5 on, as the probe does.

    Args:
        tested: predictions of L layers.
        reference: predictions of the same layers for the same photos, folds and labels.
        measure: `accuracy`, `balanced_accuracy` or `auc`.
        resamples: of the bootstrap.
        seed: of the bootstrap; every call with it and the same photos draws the same resamples.
        level: of the interval.

    Returns:
        L + 1 differences.

    Raises:
        UsageError: the two were not tested on the same photos in the same folds with the same labels.
    """
    first, second = _tested_alike(tested, reference)
    # photos that only trained are no part of the sample
    counted = first.is_tested().any(axis=0)
    _, units = np.unique(tested.units[counted], return_inverse=True)
    one, two = (_averaged(STATISTICS[measure], each.of_photos(counted)) for each in (first, second))
    whole = np.ones((1, len(units)))
    found = (one(whole) - two(whole))[0]
    draws = _draws(lambda weights: one(weights) - two(weights), units, resamples, seed)
    found, draws = np.append(found, found.mean()), np.column_stack([draws, draws.mean(axis=1)])
    # a resample without one of the classes in any fold has no balanced accuracy and no AUC
    low, high = np.nanquantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return tuple(Difference(*map(float, numbers)) for numbers in zip(found, low, high))


def _tested_alike(tested: Predictions, reference: Predictions) -> tuple[Predictions, Predictions]:
    """Both in the repeats that they share, with predictions only for the photos that both tested there.

    An encoder that is not trained with seeds stands beside every seed of the other.
    """
    if not np.array_equal(tested.ids, reference.ids):
        raise UsageError("expected the same photos in the same order")
    by_training_seed = tested.has_seeds and reference.has_seeds
    pair, repeats = [], []
    for one in (tested, reference):
        pair.append(replace(one, probabilities=one.probabilities.copy()))
        repeats.append(np.array([repeat if by_training_seed else repeat % APART for repeat in one.repeats]))
    shared = sorted(set(repeats[0].tolist()) & set(repeats[1].tolist()))
    if not shared:
        raise UsageError("expected a training seed, or a repeat of the folds, that both encoders have")
    for repeat in shared:
        rows = [np.flatnonzero(of_one == repeat) for of_one in repeats]
        counted = np.logical_and(*(one.is_tested()[of_one].all(axis=0) for one, of_one in zip(pair, rows)))
        if not counted.any():
            raise UsageError("expected photos that both encoders were tested on")
        for name in ("labels", "folds"):
            found = np.concatenate([getattr(one, name)[of_one] for one, of_one in zip(pair, rows)])
            if (found[:, counted] != found[0, counted]).any():
                raise UsageError(f"expected the same {name}")
        for one, of_one in zip(pair, rows):
            one.probabilities[:, of_one[:, np.newaxis], ~counted] = np.nan
    first, second = (
        one.of_replicates(np.flatnonzero(np.isin(of_one, shared))) for one, of_one in zip(pair, repeats)
    )
    return first, second


def _averaged(in_fold: FoldStatistic, one: Predictions) -> Statistic:
    """The measure as the tables average it: weights `[B, N]` -> `[B, L]`, NaN where it is undefined."""
    tests = list(one.tests())

    def statistic(weights: np.ndarray) -> np.ndarray:
        sums = np.zeros((len(one.repeats), len(weights), len(one.probabilities)))
        counts = np.zeros((len(one.repeats), len(weights), 1))
        for row, photos in tests:
            values = in_fold(one.probabilities[:, row, photos], one.labels[row, photos], weights[:, photos])
            is_defined = np.isfinite(values)
            sums[row] += np.where(is_defined, values, 0)
            counts[row] += is_defined.all(axis=1, keepdims=True)
        with np.errstate(invalid="ignore"):
            return np.nansum(sums / counts, axis=0) / (counts > 0).sum(axis=0)

    return statistic


def _draws(statistic: Statistic, units: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """The statistic of each resample, float64 `[resamples, L]`."""
    generator = np.random.default_rng(seed)
    count = int(units.max()) + 1
    at_once = max(1, ENTRIES_AT_ONCE // len(units))
    parts = []
    for start in range(0, resamples, at_once):
        size = min(at_once, resamples - start)
        drawn = generator.integers(count, size=(size, count)) + count * np.arange(size)[:, None]
        times = np.bincount(drawn.ravel(), minlength=size * count).reshape(size, count)
        parts.append(statistic(times[:, units].astype(np.float64)))
    return np.concatenate(parts)


def _share(is_so: np.ndarray, among: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The share of the photos `among` (bool `[N]`) for which `is_so` (bool `[L, N]`), `[B, L]`."""
    with np.errstate(invalid="ignore"):
        return (weights @ (is_so & among).T.astype(np.float64)) / (weights @ among)[:, np.newaxis]


def _accuracy(probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return _share((probabilities >= 0.5) == labels, labels >= 0, weights)


def _balanced_accuracy(probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    is_right = (probabilities >= 0.5) == labels
    return (_share(is_right, labels == 0, weights) + _share(is_right, labels == 1, weights)) / 2


def _auc(probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.stack([_weighted_auc(of_layer, labels, weights) for of_layer in probabilities], axis=1)


def _weighted_auc(scores: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The area under the ROC curve for each row of weights, `[B]`; a tie counts half."""
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=-1.0))
    ordered, is_positive = weights[:, order], labels[order] == 1
    positive = np.add.reduceat(ordered * is_positive, starts, axis=1)
    negative = np.add.reduceat(ordered * ~is_positive, starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative / 2
    with np.errstate(invalid="ignore"):
        return (positive * below).sum(axis=1) / (positive.sum(axis=1) * negative.sum(axis=1))


STATISTICS: Mapping[str, FoldStatistic] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "auc": _auc,
}
