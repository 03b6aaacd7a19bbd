"""Paired differences between two encoders, with intervals from a bootstrap over photos or over groups.

Both encoders are tested on the same photos. So photos are resampled, each with the predictions of both
encoders in every layer and repeat. Photos of one group are not independent: then groups are resampled.
The interval is the percentile interval of Efron and Tibshirani (1993). It says how the difference depends on
the photos that were tested, not how it depends on the seed of pre-training.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aesthkeras.errors import UsageError
from aesthkeras.reports.predictions import Predictions
from aesthkeras.reports.probe_runs import APART

ENTRIES_AT_ONCE = 4_000_000  # resamples x photos held at a time, 32 MB of float64
Statistic = Callable[[np.ndarray], np.ndarray]


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

    Repeats are pooled: each photo counts as often as it was tested by both. The positive class is predicted
    from a probability of 0.5 on, as the probe does.

    Args:
        tested: predictions of L layers.
        reference: predictions of the same layers for the same photos and labels.
        measure: `accuracy`, `balanced_accuracy` or `auc`.
        resamples: of the bootstrap.
        seed: of the bootstrap; every call with it and the same photos draws the same resamples.
        level: of the interval.

    Returns:
        L + 1 differences.

    Raises:
        UsageError: the two were not tested on the same photos with the same labels.
    """
    first, second, labels = _paired(tested, reference)
    # photos that only trained are no part of the sample
    counted = np.isfinite(first).any(axis=(0, 1))
    first, second, labels = first[..., counted], second[..., counted], labels[:, counted]
    _, units = np.unique(tested.units[counted], return_inverse=True)
    statistic = STATISTICS[measure](first, second, labels)
    whole = statistic(np.ones((1, len(units))))[0]
    draws = _draws(statistic, units, resamples, seed)
    whole, draws = np.append(whole, whole.mean()), np.column_stack([draws, draws.mean(axis=1)])
    # a resample without one of the classes has no balanced accuracy and no AUC
    low, high = np.nanquantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return tuple(Difference(*map(float, numbers)) for numbers in zip(whole, low, high))


def _paired(tested: Predictions, reference: Predictions) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities `[L, R, N]` of both in the repeats they share, NaN in both where one lacks a test.

    An encoder that is not trained with seeds stands beside every seed of the other.
    """
    if not np.array_equal(tested.ids, reference.ids):
        raise UsageError("expected the same photos in the same order")
    seeded = tested.has_seeds and reference.has_seeds
    pairs = [
        (row, other)
        for row, repeat in enumerate(tested.repeats)
        for other, compared in enumerate(reference.repeats)
        if (repeat == compared if seeded else repeat % APART == compared % APART)
    ]
    if not pairs:
        raise UsageError("expected a training seed, or a repeat of the folds, that both encoders have")
    rows, others = map(list, zip(*pairs))
    labels = tested.labels[rows]
    first, second = tested.probabilities[:, rows].copy(), reference.probabilities[:, others].copy()
    is_tested = np.isfinite(first) & np.isfinite(second) & (labels >= 0)
    if not is_tested.any(axis=(1, 2)).all():
        raise UsageError("expected photos that both encoders were tested on")
    if (labels != reference.labels[others])[is_tested.any(axis=0)].any():
        raise UsageError("expected the same labels")
    first[~is_tested] = second[~is_tested] = np.nan
    return first, second, labels


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


def _share_right(first: np.ndarray, second: np.ndarray, counted: np.ndarray) -> Statistic:
    """Weights `[B, N]` -> difference of the shares that are right among the counted tests, `[B, L]`."""
    gain = np.where(counted, first.astype(np.int8) - second, 0).sum(axis=1)
    tests = counted.sum(axis=1)

    def statistic(weights: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            return (weights @ gain.T) / (weights @ tests.T)

    return statistic


def _accuracy(first: np.ndarray, second: np.ndarray, labels: np.ndarray) -> Statistic:
    return _share_right((first >= 0.5) == labels, (second >= 0.5) == labels, np.isfinite(first))


def _balanced_accuracy(first: np.ndarray, second: np.ndarray, labels: np.ndarray) -> Statistic:
    right, other, counted = (first >= 0.5) == labels, (second >= 0.5) == labels, np.isfinite(first)
    classes = [_share_right(right, other, counted & (labels == label)) for label in (0, 1)]
    return lambda weights: (classes[0](weights) + classes[1](weights)) / 2


def _auc(first: np.ndarray, second: np.ndarray, labels: np.ndarray) -> Statistic:
    def statistic(weights: np.ndarray) -> np.ndarray:
        found = np.zeros((len(weights), len(first)))
        for layer, (row, other) in enumerate(zip(first, second)):
            for one, two, truth in zip(row, other, labels):
                if np.isfinite(one).any():
                    found[:, layer] += _weighted_auc(one, truth, weights) - _weighted_auc(two, truth, weights)
        return found / np.isfinite(first).any(axis=2).sum(axis=1)

    return statistic


def _weighted_auc(scores: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The area under the ROC curve for each row of weights, `[B]`; a tie counts half."""
    order = np.argsort(scores, kind="stable")
    order = order[np.isfinite(scores[order])]
    starts = np.flatnonzero(np.diff(scores[order], prepend=-1.0))
    ordered, is_positive = weights[:, order], labels[order] == 1
    positive = np.add.reduceat(ordered * is_positive, starts, axis=1)
    negative = np.add.reduceat(ordered * ~is_positive, starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative / 2
    with np.errstate(invalid="ignore"):
        return (positive * below).sum(axis=1) / (positive.sum(axis=1) * negative.sum(axis=1))


STATISTICS = {"accuracy": _accuracy, "balanced_accuracy": _balanced_accuracy, "auc": _auc}
