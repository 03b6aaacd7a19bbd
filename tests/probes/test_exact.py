"""The exact solver against scikit-learn on the features themselves."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from aesthkeras.networks.settings import STANDARDIZATION_EPSILON
from aesthkeras.probes import exact


@pytest.fixture(scope="module", params=[(40, 300), (60, 20)], ids=["few photos", "few values"])
def problem(request):
    photos, values = request.param
    generator = np.random.default_rng(0)
    features = generator.gamma(1.0, 2.0, (photos + 15, values)).astype(np.float32)
    features[:, 3] = 0.0  # a dead channel
    features[:, 4] = features[:, 5]
    scores = features[:, :6].sum(1) + generator.normal(0, 3, photos + 15)
    return features[:photos], features[photos:], scores[:photos], scores[photos:]


def standardised(train, test):
    scale = np.sqrt((train.var(0, dtype=np.float64) + STANDARDIZATION_EPSILON) * train.shape[1])
    return (train - train.mean(0, dtype=np.float64)) / scale, (test - train.mean(0, dtype=np.float64)) / scale


def test_inner_products_are_kept(problem):
    train, test, _, _ = problem
    points = exact.coordinates(train, test)
    first, second = standardised(train, test)
    assert points.train.shape[1] <= min(train.shape)
    np.testing.assert_allclose(points.train @ points.train.T, first @ first.T, atol=1e-10)
    np.testing.assert_allclose(points.test @ points.train.T, second @ first.T, atol=1e-10)


def test_logistic_regression_is_scikit_learns(problem):
    train, test, scores, _ = problem
    labels = (scores >= np.median(scores)).astype(int)
    fitted = exact.fit_labels(exact.coordinates(train, test), labels, np.arange(len(labels)))
    first, second = standardised(train, test)
    model = LogisticRegression(C=fitted.strength, tol=1e-9, max_iter=20_000).fit(first, labels)
    np.testing.assert_allclose(fitted.predicted, model.predict_proba(second)[:, 1], atol=2e-5)


@pytest.mark.parametrize("alpha", exact.RIDGE_STRENGTHS)
def test_ridge_regression_is_scikit_learns(problem, alpha):
    train, test, scores, _ = problem
    points = exact.coordinates(train, test)
    ours = exact.ridge_path(points.train, scores, points.test, (1.0, alpha))[1]
    first, second = standardised(train, test)
    np.testing.assert_allclose(ours, Ridge(alpha).fit(first, scores).predict(second), rtol=1e-6)


def test_ridge_on_many_photos_holds_no_matrix_of_photos_by_photos():
    train, test = (np.random.default_rng(0).normal(size=(photos, 5)) for photos in (3000, 10))
    scores = train @ np.arange(5.0)
    tracemalloc.start()
    exact.ridge_path(train, scores, test, exact.RIDGE_STRENGTHS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3000 * 3000 * 8 / 10


def test_ridge_predicts_held_out_scores(problem):
    train, test, scores, expected = problem
    labels = (scores >= np.median(scores)).astype(int)
    points = exact.coordinates(train, test)
    fitted = exact.fit_scores(points, scores, labels, np.arange(len(labels)))
    assert fitted.strength in exact.RIDGE_STRENGTHS
    assert np.isfinite(fitted.predicted).all()
    if train.shape[1] < len(train):
        assert np.corrcoef(fitted.predicted, expected)[0, 1] > 0.5


def test_a_value_that_is_silent_in_training_does_not_explode():
    train, test = np.zeros((20, 30), np.float32), np.full((4, 30), 2.0, np.float32)
    train[:, 0] = np.arange(20)
    points = exact.coordinates(train, test)
    assert points.train.shape[1] == 1  # the rank
    assert np.abs(points.test).max() < 10


@pytest.mark.parametrize("shape", [(20, 30), (30, 20)])
def test_a_block_that_answers_every_photo_alike_tells_nothing(shape):
    points = exact.coordinates(np.full(shape, 0.3, np.float32), np.full((4, shape[1]), 0.3, np.float32))
    labels = np.arange(shape[0]) % 2
    probe = exact.fit_labels(points, labels, np.arange(shape[0]))
    np.testing.assert_allclose(probe.predicted, 0.5, atol=1e-6)
    ridge = exact.fit_scores(points, np.arange(shape[0]) / 1.0, labels, np.arange(shape[0]))
    np.testing.assert_allclose(ridge.predicted, (shape[0] - 1) / 2, atol=1e-6)


def test_strength_is_chosen_without_the_test_photos(problem):
    train, test, scores, _ = problem
    labels = (scores >= np.median(scores)).astype(int)
    groups = np.arange(len(labels))
    first = exact.fit_labels(exact.coordinates(train, test), labels, groups)
    other = exact.fit_labels(exact.coordinates(train, 100 * test[:3]), labels, groups)
    assert first.strength == other.strength


def test_inner_folds_keep_groups_whole():
    labels = np.tile([0, 1], 30)
    groups = np.repeat(np.arange(20), 3)
    held_out = []
    for fitted, held in exact.inner_folds(labels, groups, seed=0):
        assert not set(groups[fitted]) & set(groups[held])
        held_out += list(held)
    assert sorted(held_out) == list(range(60))


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_photos_to_choose_by_take_the_default(count):
    generator = np.random.default_rng(0)
    train, test = generator.normal(size=(2 * count, 30)), generator.normal(size=(5, 30))
    labels = np.repeat([0, 1], count)
    fitted = exact.fit_labels(exact.coordinates(train, test), labels, np.arange(2 * count))
    assert fitted.strength == exact.DEFAULT_STRENGTH
    assert ((fitted.predicted > 0) & (fitted.predicted < 1)).all()
