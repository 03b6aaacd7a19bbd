"""How good probabilities and predicted scores are, and how sure one is that one encoder beats another."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import stats
from sklearn import metrics

METRICS = ("accuracy", "balanced_accuracy", "auc", "srcc", "plcc")
DRAWS_AT_ONCE = 256  # resamples held in memory


class Interval(NamedTuple):
    """A mean and the ends of its confidence interval."""

    mean: float
    low: float
    high: float


def classification(labels: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    """Accuracy, balanced accuracy and area under the ROC curve.

    Args:
        labels: int `[photos]`, 0 and 1, both of them.
        probabilities: float `[photos]`, of the positive class; it is predicted from 0.5 on.

    Returns:
        `accuracy`, `balanced_accuracy` and `auc`, each in [0, 1].
    """
    predicted = (probabilities >= 0.5).astype(np.int64)
    return {
        "accuracy": float(metrics.accuracy_score(labels, predicted)),
        "balanced_accuracy": float(metrics.balanced_accuracy_score(labels, predicted)),
        "auc": float(metrics.roc_auc_score(labels, probabilities)),
    }


def correlation(scores: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Spearman's and Pearson's correlation of predicted scores with the raters' mean.

    Args:
        scores: float `[photos]`.
        predicted: float `[photos]`.

    Returns:
        `srcc` and `plcc` in [-1, 1]; empty where either is constant or there are fewer than three photos.
    """
    if len(scores) < 3 or np.ptp(scores) == 0 or np.ptp(predicted) == 0:
        return {}
    return {
        "srcc": float(stats.spearmanr(scores, predicted).statistic),
        "plcc": float(stats.pearsonr(scores, predicted).statistic),
    }


def paired_difference(
    correct_a: np.ndarray,
    correct_b: np.ndarray,
    groups: np.ndarray | None = None,
    seed: int = 0,
    draws: int = 10_000,
    confidence: float = 0.95,
) -> Interval:
    """The mean of `correct_a - correct_b` over photos, with a percentile bootstrap interval over photos.

    Both encoders are judged on the same resampled photos: what is hard for both cancels out. Photos of one
    group are resampled together, for they are not independent.

    Args:
        correct_a: bool or float `[photos]`, right or wrong (or the share of repeats in which it was right);
            NaN where the photo was not tested.
        correct_b: the same photos' for the other encoder.
        groups: `[photos]`, equal for photos that belong together; None for each on its own; an empty string
            is a photo on its own.
        seed: decides the resamples.
        draws: number of resamples.
        confidence: of the interval.

    Returns:
        The mean and the interval, in [-1, 1].

    Raises:
        ValueError: different lengths, or no photo that both were tested on.
    """
    first, second = np.asarray(correct_a, np.float64), np.asarray(correct_b, np.float64)
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(f"expected two arrays of one length, not {first.shape} and {second.shape}")
    differences = first - second
    tested = np.isfinite(differences)
    if not tested.any():
        raise ValueError("expected at least one photo that both were tested on")
    units = _units(len(differences), groups)[tested]
    _, places = np.unique(units, return_inverse=True)
    sums = np.bincount(places, weights=differences[tested])
    sizes = np.bincount(places).astype(np.float64)
    generator = np.random.default_rng(seed)
    chances = np.full(len(sums), 1 / len(sums))
    means = []
    for start in range(0, draws, DRAWS_AT_ONCE):
        number = min(DRAWS_AT_ONCE, draws - start)
        counts = generator.multinomial(len(sums), chances, size=number).astype(np.float64)
        means.append((counts @ sums) / (counts @ sizes))
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.concatenate(means), [tail, 1 - tail])
    return Interval(float(sums.sum() / sizes.sum()), float(low), float(high))


def _units(photos: int, groups: np.ndarray | None) -> np.ndarray:
    """A number for each photo, the same for photos of one group."""
    alone = np.arange(photos)
    if groups is None:
        return alone
    names = np.asarray(groups).astype(str)
    _, places = np.unique(names, return_inverse=True)
    return np.where(names == "", photos + alone, places)
