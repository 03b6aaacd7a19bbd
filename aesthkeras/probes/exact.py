"""Exact linear probes: logistic and ridge regression with an L2 penalty chosen on the training part.

Where there are no more training photos than features, the solution lies in the span of the training photos.
So the standardised features X are replaced by their coordinates in that span, Z = U S of X = U S V^T, which
has at most as many columns as there are photos; solutions and predictions stay the same. Where there are more
photos, `streamed.py` reads the features block by block.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from threadpoolctl import threadpool_limits

from aesthkeras.machine import usable_cores
from aesthkeras.networks.settings import STANDARDIZATION_EPSILON
from aesthkeras.probes.rows import FeatureRows
from aesthkeras.probes.streamed import StreamedProblem

# scikit-learn's C, the inverse of the penalty, for features whose squared length is 1 on average (for
# standardised features of d values it is C / d). With the first predictions hardly leave the mean, with the
# last nearly every training photo is fitted.
STRENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
RIDGE_STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
DEFAULT_STRENGTH = 0.3  # for too few photos to choose by
INNER_FOLDS = 3
TOLERANCE = 1e-6
ITERATIONS = 5000
VALUES_AT_ONCE = 1024  # of each photo, in float64
ALL_CORES_FROM = 2000  # training photos: on fewer, threads would wait for each other

Folds = Sequence[tuple[np.ndarray, np.ndarray]]


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


class Fitted(NamedTuple):
    """Both probes of one block: of the labels, and of the scores where there are any."""

    labels: Probe
    scores: Probe | None


def fit_block(
    train: FeatureRows,
    test: FeatureRows,
    labels: np.ndarray,
    groups: np.ndarray,
    seed: int = 0,
    scores: np.ndarray | None = None,
) -> Fitted:
    """Fits logistic regression to labels, and ridge regression to scores, each with its chosen strength.

    Small problems run on one core, from 2000 photos on they take all.

    Args:
        train: features of the training photos.
        test: features of the test photos.
        labels: int `[training photos]`, 0 and 1, both of them.
        groups: int `[training photos]`; inner folds keep groups whole.
        seed: decides the inner folds.
        scores: float `[training photos]`; None for no ridge regression.
    """
    folds = list(inner_folds(labels, groups, seed))
    with threadpool_limits(_cores(train), "blas"):
        if len(train) > train.values:
            return _fit_streamed(StreamedProblem(train, folds, labels, scores), test)
        points = coordinates(train.read(), test.read())
        ridge = None if scores is None else fit_scores(points, scores, folds)
        return Fitted(fit_labels(points, labels, folds), ridge)


def choose_strength(train: FeatureRows, labels: np.ndarray, groups: np.ndarray, seed: int = 0) -> float:
    """The C among `STRENGTHS` with the least log loss on inner folds of the training part.

    Args:
        train: features of the training photos.
        labels: int `[training photos]`, 0 and 1, both of them.
        groups: int `[training photos]`; inner folds keep groups whole.
        seed: decides the inner folds.
    """
    folds = list(inner_folds(labels, groups, seed))
    with threadpool_limits(_cores(train), "blas"):
        if len(train) > train.values:
            losses = StreamedProblem(train, folds, labels).log_losses(STRENGTHS)
        else:
            values = train.read()
            losses = log_losses(coordinates(values, values[:0]).train, labels, folds)
    return _least(losses, STRENGTHS, folds, DEFAULT_STRENGTH)


def coordinates(train: np.ndarray, test: np.ndarray) -> Coordinates:
    """Standardises features and replaces them by coordinates in the span of the training photos.

    Standardising is batch normalisation without scale and shift, with the statistics of the training photos;
    then all values are divided by the root of their number.

    Args:
        train: floating `[training photos, values]`.
        test: floating `[test photos, values]`.
    """
    products = np.zeros((len(train), len(train)))
    test_products = np.zeros((len(test), len(train)))
    for start in range(0, train.shape[1], VALUES_AT_ONCE):  # never all of them in float64
        some = slice(start, start + VALUES_AT_ONCE)
        mean, variance = train[:, some].mean(0, dtype=np.float64), train[:, some].var(0, dtype=np.float64)
        scale = 1 / np.sqrt((variance + STANDARDIZATION_EPSILON) * train.shape[1])
        first, second = (train[:, some] - mean) * scale, (test[:, some] - mean) * scale
        products += first @ first.T
        test_products += second @ first.T
    squares, vectors = np.linalg.eigh(products)
    # Centring removes one dimension and equal photos remove more; rounding errors are all that is left there.
    kept = squares > squares[-1] * len(squares) * np.finfo(np.float64).eps * 10
    if not kept.any():  # a block whose features are the same for every photo
        return Coordinates(np.zeros((len(train), 1)), np.zeros((len(test), 1)))
    lengths = np.sqrt(squares[kept])
    return Coordinates(vectors[:, kept] * lengths, test_products @ vectors[:, kept] / lengths)


def fit_labels(features: Coordinates, labels: np.ndarray, folds: Folds) -> Probe:
    """Logistic regression with an L2 penalty, its strength chosen by log loss on inner folds.

    Args:
        features: what `coordinates` returned.
        labels: int `[training photos]`, 0 and 1, both of them.
        folds: indices that are fitted and that are held out.

    Returns:
        Probabilities of class 1 for the test photos.
    """
    losses = log_losses(features.train, labels, folds)
    strength = _least(losses, STRENGTHS, folds, DEFAULT_STRENGTH)
    model = _logistic(strength)
    model.fit(features.train, labels)
    return Probe(model.predict_proba(features.test)[:, 1], strength)


def log_losses(train: np.ndarray, labels: np.ndarray, folds: Folds) -> np.ndarray:
    """The sum of the held-out photos' log losses for each of `STRENGTHS`; `train` as in `Coordinates`."""
    losses = np.zeros(len(STRENGTHS))
    for fitted, held in folds:
        path = _logistic_path(train[fitted], labels[fitted])
        for place, model in enumerate(path):
            margin = model.decision_function(train[held]) * (2 * labels[held] - 1)
            losses[place] += np.logaddexp(0, -margin).sum()
    return losses


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


def fit_scores(features: Coordinates, scores: np.ndarray, folds: Folds) -> Probe:
    """Ridge regression, its strength chosen by squared error on inner folds.

    Args:
        features: what `coordinates` returned.
        scores: float `[training photos]`.
        folds: indices that are fitted and that are held out.

    Returns:
        Scores of the test photos.
    """
    errors = np.zeros(len(RIDGE_STRENGTHS))
    for fitted, held in folds:
        predicted = ridge_path(features.train[fitted], scores[fitted], features.train[held], RIDGE_STRENGTHS)
        errors += np.square(predicted - scores[held]).sum(1)
    strength = _least(errors, RIDGE_STRENGTHS, folds, 1 / DEFAULT_STRENGTH)
    return Probe(ridge_path(features.train, scores, features.test, (strength,))[0], strength)


def ridge_path(
    train: np.ndarray, scores: np.ndarray, test: np.ndarray, strengths: tuple[float, ...]
) -> np.ndarray:
    """Ridge regressions with an intercept for several strengths at the cost of one.

    Equals `sklearn.linear_model.Ridge(alpha)` for each. One decomposition, of the inner products of the
    photos, serves all.

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


def _fit_streamed(problem: StreamedProblem, test: FeatureRows) -> Fitted:
    strength = _least(problem.log_losses(STRENGTHS), STRENGTHS, problem.folds, DEFAULT_STRENGTH)
    probe = Probe(problem.probabilities(strength, test), strength)
    if problem.scores is None:
        return Fitted(probe, None)
    errors = problem.squared_errors(RIDGE_STRENGTHS)
    alpha = _least(errors, RIDGE_STRENGTHS, problem.folds, 1 / DEFAULT_STRENGTH)
    return Fitted(probe, Probe(problem.predicted_scores(alpha, test), alpha))


def _least(losses: np.ndarray, strengths: tuple[float, ...], folds: Folds, default: float) -> float:
    return strengths[int(np.argmin(losses))] if folds else default


def _cores(train: FeatureRows) -> int:
    return usable_cores() if len(train) >= ALL_CORES_FROM else 1


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
