"""Paired differences between two encoders, with intervals for new photos, folds and training seeds.

A difference is that of two cells of the tables (`probe_tables`): the measure in each fold, averaged over the
folds of a repeat, then over repeats and seeds. Both encoders are tested on the same photos. So photos are
resampled, each with the predictions of both encoders in every layer, repeat and seed; groups are, where
photos of one group are not independent (bootstrap, Efron and Tibshirani 1993).

With folds that is half of the variance. Each of two photos trains the probe that tests the other, so what
they share by chance is in both results; resampling takes these for independent, and of encoders that do not
differ it told 14% apart. A sum in which everything occurs twice has twice the variance: with folds it is
doubled. The corrected resampled t of Nadeau and Bengio (2003), of variance (1/J + n_test / n_train) S**2,
comes to 1.5 times in 4 repeats of 5 folds, which is too little for an AUC. `docs/probes.md` has the
coverage of both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from aesthkeras.errors import UsageError
from aesthkeras.reports.intervals import Coverage, Difference, half_width
from aesthkeras.reports.predictions import Predictions

ENTRIES_AT_ONCE = 4_000_000  # resamples x photos held at a time, 32 MB of float64
TAKING_TURNS = 2.0  # photos train the probes that test each other: chance that two share counts twice
Statistic = Callable[[np.ndarray], np.ndarray]
"""Weights of the photos, float64 `[B, N]` -> `[B, L]`."""
FoldStatistic = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""Of the photos of one fold: probabilities `[L, N]`, labels `[N]`, weights `[B, N]` -> `[B, L]`, NaN where
it is undefined."""


def paired_differences(
    tested: Predictions,
    reference: Predictions,
    measure: str = "accuracy",
    resamples: int = 2000,
    seed: int = 0,
) -> tuple[Difference, ...]:
    """The difference of each layer, and last of the average over layers.

    A fold of a resample in which the measure is undefined is left out, as in the tables. The positive class
    is predicted from a probability of 0.5 on, as the probe does. An interval is +- t times the root of a
    variance: that of the resamples, with folds `TAKING_TURNS` times, and the variance between the training
    seeds of each side divided by how many there are.

    Args:
        tested: predictions of L layers.
        reference: predictions of the same layers for the same photos, folds and labels.
        measure: `accuracy`, `balanced_accuracy` or `auc`.
        resamples: of the bootstrap.
        seed: of the bootstrap; every call with it and the same photos draws the same resamples.

    Returns:
        L + 1 differences.

    Raises:
        UsageError: the two were not tested on the same photos in the same folds with the same labels.
    """
    pair = _tested_alike(tested, reference)
    # photos that only trained are no part of the sample
    counted = pair[0].is_tested().any(axis=0)
    _, units = np.unique(tested.units[counted], return_inverse=True)
    one, two = (_by_seed(STATISTICS[measure], each.of_photos(counted)) for each in pair)

    def difference(weights: np.ndarray) -> np.ndarray:
        return one(weights).mean(axis=0) - two(weights).mean(axis=0)

    draws = _draws(difference, units, resamples, seed)
    has_folds = len(list(pair[0].tests())) > len(pair[0].repeats)
    # a resample without one of the classes in any fold has no balanced accuracy and no AUC
    of_photos = np.nanvar(draws, axis=0, ddof=1) * (TAKING_TURNS if has_folds else 1)
    terms = [(of_photos, max(int(units.max()), 1))]
    means = [side(np.ones((1, len(units))))[:, 0] for side in (one, two)]  # [S, L + 1]
    for of_seeds in means:
        if len(of_seeds) > 1:
            terms.append((of_seeds.var(axis=0, ddof=1) / len(of_seeds), len(of_seeds) - 1))
    covers = Coverage(
        "groups" if len(units) > units.max() + 1 else "photos",
        has_folds,
        *(len(set(each.training_seeds)) > 1 for each in pair),
    )
    found = means[0].mean(axis=0) - means[1].mean(axis=0)
    return tuple(
        Difference(float(mean), float(mean - half), float(mean + half), covers)
        for mean, half in zip(found, half_width(terms))
    )


def _tested_alike(tested: Predictions, reference: Predictions) -> tuple[Predictions, Predictions]:
    """Both in the repeats that they share, with predictions only for the photos that all tested there."""
    if not np.array_equal(tested.ids, reference.ids):
        raise UsageError("expected the same photos in the same order")
    everyone = [set(one.repeats) for side in (tested, reference) for one in side.by_training_seed()]
    shared = sorted(set.intersection(*everyone))
    if not shared:
        raise UsageError("expected a repeat of the folds that both encoders have, with every training seed")
    first, second = (
        replace(rows, probabilities=rows.probabilities.copy())
        for rows in (
            one.of_replicates(np.flatnonzero(np.isin(one.repeats, shared))) for one in (tested, reference)
        )
    )
    for repeat in shared:
        both = [(one, np.flatnonzero(np.equal(one.repeats, repeat))) for one in (first, second)]
        counted = np.logical_and(*(one.is_tested()[rows].all(axis=0) for one, rows in both))
        if not counted.any():
            raise UsageError("expected photos that both encoders were tested on")
        for name in ("labels", "folds"):
            found = np.concatenate([getattr(one, name)[rows] for one, rows in both])
            if (found[:, counted] != found[0, counted]).any():
                raise UsageError(f"expected the same {name}")
        for one, rows in both:
            one.probabilities[:, rows[:, np.newaxis], ~counted] = np.nan
    return first, second


def _by_seed(in_fold: FoldStatistic, one: Predictions) -> Statistic:
    """The measure of each training seed, of the layers and their average: `[B, N]` -> `[S, B, L + 1]`."""
    of_seeds = [_averaged(in_fold, each) for each in one.by_training_seed()]

    def statistic(weights: np.ndarray) -> np.ndarray:
        found = np.stack([of_seed(weights) for of_seed in of_seeds])
        return np.concatenate([found, found.mean(axis=-1, keepdims=True)], axis=-1)

    return statistic


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
    """The statistic of each resample, float64 `[resamples, L + 1]`."""
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
