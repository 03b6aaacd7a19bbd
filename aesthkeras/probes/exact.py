"""Exact linear probes: logistic and ridge regression with an L2 penalty chosen on the training part.

There are far fewer photos than features, and with an L2 penalty the solution lies in the span of the training
photos. So the standardised features X are replaced by their coordinates in that span, Z = U S of X = U S V^T.
Z has at most as many columns as there are photos; solutions and predictions stay the same.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from aesthkeras.networks.settings import STANDARDIZATION_EPSILON

# scikit-learn's C, the inverse of the penalty, for features whose squared length is 1 on average (for
# standardised features of d values it is C / d). With the first predictions hardly leave the mean, with the
# last nearly every training photo is fitted.
STRENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
RIDGE_STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
DEFAULT_STRENGTH = 0.3  # for too few photos to choose by
INNER_FOLDS = 3
TOLERANCE = 1e-6
ITERATIONS = 5000


class Coordinates(NamedTuple):
    """Training and test features in the span of the training features.

    Attributes:
        train: float64 `[training photos, rank]`, columns orthogonal, centred.
        test: float64 `[test photos, rank]`.
    """

    train: np.ndarray
    test: np.ndarray


class Probe(NamedTuple):
    """The predictions of a fitted probe for the test photos.

    Attributes:
        predicted: float64 `[test photos]`: the probability of the positive class, or the score.
        strength: the C (or the ridge's alpha) that was chosen.
    """

    predicted: np.ndarray
    strength: float


def coordinates(train: np.ndarray, test: np.ndarray) -> Coordinates:
    """Standardises features and replaces them by coordinates in the span of the training photos.

    Standardising is batch normalisation without scale and shift, with the statistics of the training photos;
    then all values are divided by the root of their number. If there are more training photos than values,
    the result stays in the original coordinates. Both matrices are held in memory.

    Args:
        train: floating `[training photos, values]`.
        test: floating `[test photos, values]`.
    """
    mean = train.mean(0, dtype=np.float64)
    scale = 1 / np.sqrt((train.var(0, dtype=np.float64) + STANDARDIZATION_EPSILON) * train.shape[1])
    first = (train.astype(np.float64) - mean) * scale
    second = (test.astype(np.float64) - mean) * scale
    if len(first) > first.shape[1]:
        return Coordinates(first, second)
    squares, vectors = np.linalg.eigh(first @ first.T)
    # Centring removes one dimension and equal photos remove more; rounding errors are all that is left there.
    kept = squares > squares[-1] * len(squares) * np.finfo(np.float64).eps * 10
    if not kept.any():  # a block whose features are the same for every photo
        return Coordinates(np.zeros((len(first), 1)), np.zeros((len(second), 1)))
    lengths = np.sqrt(squares[kept])
    return Coordinates(vectors[:, kept] * lengths, second @ first.T @ vectors[:, kept] / lengths)


def fit_labels(features: Coordinates, labels: np.ndarray, groups: np.ndarray, seed: int = 0) -> Probe:
    """Logistic regression with an L2 penalty, its strength chosen by log loss on inner folds.

    Args:
        features: what `coordinates` returned.
        labels: int `[training photos]`, 0 and 1, both of them.
        groups: int `[training photos]`; inner folds keep groups whole.
        seed: decides the inner folds.

    Returns:
        Probabilities of class 1 for the test photos.
    """
    strength = choose_strength(features.train, labels, groups, seed)
    model = _logistic(strength)
    model.fit(features.train, labels)
    return Probe(model.predict_proba(features.test)[:, 1], strength)


def choose_strength(train: np.ndarray, labels: np.ndarray, groups: np.ndarray, seed: int = 0) -> float:
    """The C among `STRENGTHS` with the least log loss on inner folds of the training part.

    Args:
        train: float64 `[training photos, rank]`, as in `Coordinates`.
        labels: int `[training photos]`, 0 and 1, both of them.
        groups: int `[training photos]`; inner folds keep groups whole.
        seed: decides the inner folds.
    """
    losses = np.zeros(len(STRENGTHS))
    used = 0
    for fitted, held in inner_folds(labels, groups, seed):
        path = _logistic_path(train[fitted], labels[fitted])
        for place, model in enumerate(path):
            margin = model.decision_function(train[held]) * (2 * labels[held] - 1)
            losses[place] += np.logaddexp(0, -margin).sum()
        used += 1
    return STRENGTHS[int(np.argmin(losses))] if used else DEFAULT_STRENGTH


def equal_weight_decay(strength: float, photos: int, values: int) -> float:
    """The weight decay of SGD that is the same penalty as C = `strength`.

    C belongs to the sum of the losses and to features of unit mean square length, the decay to the mean loss
    and to standardised features. A softmax over two columns w and -w equals one logistic weight of 2w, which
    halves the penalty.

    Args:
        strength: C as in `STRENGTHS`.
        photos: how many train.
        values: of the features of a photo.
    """
    return 2 * values / (strength * photos)


def fit_scores(
    features: Coordinates, scores: np.ndarray, labels: np.ndarray, groups: np.ndarray, seed: int = 0
) -> Probe:
    """Ridge regression, its strength chosen by squared error on inner folds.

    Args:
        features: what `coordinates` returned.
        scores: float `[training photos]`.
        labels: int `[training photos]`, by which the inner folds are stratified.
        groups: int `[training photos]`; inner folds keep groups whole.
        seed: decides the inner folds.

    Returns:
        Scores of the test photos.
    """
    errors = np.zeros(len(RIDGE_STRENGTHS))
    used = 0
    for fitted, held in inner_folds(labels, groups, seed):
        predicted = ridge_path(features.train[fitted], scores[fitted], features.train[held], RIDGE_STRENGTHS)
        errors += np.square(predicted - scores[held]).sum(1)
        used += 1
    strength = RIDGE_STRENGTHS[int(np.argmin(errors))] if used else 1 / DEFAULT_STRENGTH
    return Probe(ridge_path(features.train, scores, features.test, (strength,))[0], strength)


def ridge_path(
    train: np.ndarray, scores: np.ndarray, test: np.ndarray, strengths: tuple[float, ...]
) -> np.ndarray:
    """Ridge regressions with an intercept for several strengths at the cost of one.

    Equals `sklearn.linear_model.Ridge(alpha)` for each. One decomposition serves all: of the inner products
    of the photos, or of those of the values if there are more photos than values.

    Args:
        train: float64 `[training photos, values]`.
        scores: float `[training photos]`.
        test: float64 `[test photos, values]`.
        strengths: alphas, each above 0.

    Returns:
        float64 `[strengths, test photos]`.
    """
    center, level = train.mean(0), scores.mean()
    centred = train - center
    if len(centred) > centred.shape[1]:
        squares, vectors = np.linalg.eigh(centred.T @ centred)
        targets, kernel = vectors.T @ (centred.T @ (scores - level)), (test - center) @ vectors
    else:
        squares, vectors = np.linalg.eigh(centred @ centred.T)
        targets, kernel = vectors.T @ (scores - level), (test - center) @ centred.T @ vectors
    return np.stack([kernel @ (targets / (np.maximum(squares, 0) + alpha)) + level for alpha in strengths])


def inner_folds(labels: np.ndarray, groups: np.ndarray, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Three stratified folds of the training part, groups kept whole.

    There are none if a class has fewer than three photos, or if there are fewer than three groups.

    Args:
        labels: int `[training photos]`, 0 and 1.
        groups: int `[training photos]`.
        seed: decides the folds.

    Yields:
        Indices that are fitted and indices that are held out; only folds whose fitted part has both classes.
    """
    if min(np.bincount(labels, minlength=2)) < INNER_FOLDS or len(np.unique(groups)) < INNER_FOLDS:
        return
    splitter = StratifiedGroupKFold(INNER_FOLDS, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # of large groups, a fold may have one class only; the check below skips it
        warnings.simplefilter("ignore", UserWarning)
        pairs = list(splitter.split(np.zeros(len(labels)), labels, groups))
    for fitted, held in pairs:
        if len(held) and len(np.unique(labels[fitted])) == 2:
            yield fitted, held


def _logistic(strength: float, **options: bool) -> LogisticRegression:
    return LogisticRegression(C=strength, tol=TOLERANCE, max_iter=ITERATIONS, **options)


def _logistic_path(train: np.ndarray, labels: np.ndarray) -> Iterator[LogisticRegression]:
    """One model, fitted for each of `STRENGTHS` in turn, starting from the solution before."""
    model = _logistic(STRENGTHS[0], warm_start=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for strength in STRENGTHS:
            model.C = strength
            yield model.fit(train, labels)
