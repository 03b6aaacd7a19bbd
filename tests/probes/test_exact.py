"""The exact solver against scikit-learn on the features themselves."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import tensorflow as tf
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss

from aesthkeras.networks.settings import STANDARDIZATION_EPSILON
from aesthkeras.probes import exact, products
from aesthkeras.probes.inputs import PhotoFeatures
from aesthkeras.probes.rows import FeatureRows, standardisation_of
from aesthkeras.probes.streamed import StreamedProblem


@pytest.fixture(params=[(40, 300), (60, 20), (400, 90)])
def problem(request):
    """More values than photos, and more photos than values."""
    return drawn(*request.param)


@pytest.fixture
def many():
    """More photos than values."""
    return drawn(400, 90)


def drawn(photos, values):
    generator = np.random.default_rng(0)
    features = generator.gamma(1.0, 2.0, (photos + 15, values)).astype(np.float32)
    features[:, 3] = 0.0  # a dead channel
    features[:, 4] = features[:, 5]
    scores = features[:, :6].sum(1) + generator.normal(0, 3, photos + 15)
    return features[:photos], features[photos:], scores[:photos], scores[photos:]


def standardised(train, test):
    scale = np.sqrt((train.var(0, dtype=np.float64) + STANDARDIZATION_EPSILON) * train.shape[1])
    return (train - train.mean(0, dtype=np.float64)) / scale, (test - train.mean(0, dtype=np.float64)) / scale


def rows(features):
    return FeatureRows(features, np.arange(len(features)))


def fit(train, test, scores, groups=None):
    """Fits both probes; the labels say which scores are above the median."""
    labels = (scores >= np.median(scores)).astype(int)
    groups = np.arange(len(labels)) if groups is None else groups
    return labels, exact.fit_block(rows(train), rows(test), labels, groups, 0, scores)


def scikit_learns(strength, train, test, labels):
    first, second = standardised(train, test)
    return newton(strength).fit(first, labels).predict_proba(second)[:, 1]


def newton(strength):
    return LogisticRegression(C=strength, solver="newton-cholesky", tol=1e-10, max_iter=1000)


def test_inner_products_are_kept(problem):
    train, test, _, _ = problem
    points = exact.coordinates(train, test)
    first, second = standardised(train, test)
    assert points.train.shape[1] <= min(train.shape)
    np.testing.assert_allclose(points.train @ points.train.T, first @ first.T, atol=1e-10)
    np.testing.assert_allclose(points.test @ points.train.T, second @ first.T, atol=1e-10)


def test_logistic_regression_is_scikit_learns(problem):
    train, test, scores, _ = problem
    labels, fitted = fit(train, test, scores)
    expected = scikit_learns(fitted.labels.strength, train, test, labels)
    np.testing.assert_allclose(fitted.labels.predicted, expected, atol=2e-5)


@pytest.mark.parametrize("strength", exact.STRENGTHS)
def test_streamed_logistic_regression_is_scikit_learns_at_every_strength(strength):
    generator = np.random.default_rng(1)
    # a spectrum that falls as that of photos' features, and classes that can nearly be told apart
    features = generator.normal(size=(700, 60)) @ (
        generator.normal(size=(60, 120)) / np.arange(1, 61)[:, None]
    )
    features = (features + 0.05 * generator.normal(size=features.shape)).astype(np.float32)
    labels = (features[:600, :8].sum(1) > 0.3 * generator.normal(size=600)).astype(int)
    problem = StreamedProblem(rows(features[:600]), [], labels)
    predicted = problem.probabilities(strength, rows(features[600:]))
    expected = scikit_learns(strength, features[:600], features[600:], labels)
    np.testing.assert_allclose(predicted, expected, atol=2e-5)


def test_where_there_is_a_gpu_its_products_are_taken(many, monkeypatch):
    """TensorFlow's CPU stands for the GPU: it cannot show how that rounds, nor how fast it is."""
    train, test, scores, _ = many
    labels = (scores >= np.median(scores)).astype(int)
    on_cpu = StreamedProblem(rows(train), [], labels).probabilities(3.0, rows(test))
    asked = []
    matmul = tf.linalg.matmul
    monkeypatch.setattr(products, "has_gpu", lambda: True)
    monkeypatch.setattr(tf.linalg, "matmul", lambda *pair: asked.append(pair) or matmul(*pair))
    on_gpu = StreamedProblem(rows(train), [], labels).probabilities(3.0, rows(test))
    assert len(asked) > 5 and {first.dtype for first, _ in asked} == {np.dtype("f4"), np.dtype("f8")}
    np.testing.assert_allclose(on_gpu, on_cpu, atol=1e-5)


def test_streamed_losses_of_folds_are_scikit_learns(many):
    train, _, scores, _ = many
    labels = (scores >= np.median(scores)).astype(int)
    folds = list(exact.inner_folds(labels, np.arange(len(labels)), 0))
    first, _ = standardised(train, train[:0])
    found = StreamedProblem(rows(train), folds, labels).log_losses(exact.STRENGTHS)
    for strength, loss in zip(exact.STRENGTHS, found):
        expected = 0.0
        for fitted, held in folds:
            model = newton(strength).fit(first[fitted], labels[fitted])
            expected += log_loss(labels[held], model.predict_proba(first[held]), normalize=False)
        assert loss == pytest.approx(expected, rel=3e-4)


@pytest.mark.parametrize("alpha", exact.RIDGE_STRENGTHS)
def test_ridge_regression_is_scikit_learns(problem, alpha):
    train, test, scores, _ = problem
    first, second = standardised(train, test)
    expected = Ridge(alpha).fit(first, scores).predict(second)
    points = exact.coordinates(train, test)
    ours = exact.ridge_path(points.train, scores, points.test, (1.0, alpha))[1]
    np.testing.assert_allclose(ours, expected, rtol=1e-6)
    if len(train) > train.shape[1]:
        labels = (scores >= np.median(scores)).astype(int)
        folds = list(exact.inner_folds(labels, np.arange(len(labels)), 0))
        streamed = StreamedProblem(rows(train), folds, labels, scores).predicted_scores(alpha, rows(test))
        np.testing.assert_allclose(streamed, expected, rtol=1e-4)


def test_features_are_read_in_blocks_and_no_copy_of_all_is_made(tmp_path):
    generator = np.random.default_rng(0)
    np.save(tmp_path / "f.npy", generator.normal(size=(1100, 2, 1000)).astype(np.float32))
    features = PhotoFeatures({"conv1": np.load(tmp_path / "f.npy", mmap_mode="r")}, np.arange(1100))
    train, test = features.rows("conv1", np.arange(600)), features.rows("conv1", np.arange(600, 1100))
    assert (len(train), len(test), train.values) == (1200, 1000, 1000)
    np.testing.assert_array_equal(train.read()[[0, 1]], features.extracted["conv1"][0])
    tracemalloc.start()
    standard = standardisation_of(train, 100)
    rows_read = sum(len(block) for _, block in standard.blocks(train, 100))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows_read == 1200 and peak < train.read().nbytes / 3


def test_one_block_or_many_is_the_same_problem(many, monkeypatch):
    train, test, scores, _ = many
    _, whole = fit(train, test, scores)
    monkeypatch.setattr("aesthkeras.probes.streamed.ROWS_AT_ONCE", 17)
    monkeypatch.setattr("aesthkeras.probes.streamed.ROWS_OF_PRODUCTS", 29)
    _, parts = fit(train, test, scores)
    np.testing.assert_allclose(parts.labels.predicted, whole.labels.predicted, atol=5e-5)
    np.testing.assert_allclose(parts.scores.predicted, whole.scores.predicted, rtol=1e-4)


def test_ridge_predicts_held_out_scores(problem):
    train, test, scores, expected = problem
    fitted = fit(train, test, scores)[1].scores
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
    alike = rows(np.full(shape, 0.3, np.float32)), rows(np.full((4, shape[1]), 0.3, np.float32))
    labels, scores = np.arange(shape[0]) % 2, np.arange(shape[0]) / 1.0
    fitted = exact.fit_block(*alike, labels, np.arange(shape[0]), 0, scores)
    np.testing.assert_allclose(fitted.labels.predicted, 0.5, atol=1e-6)
    np.testing.assert_allclose(fitted.scores.predicted, (shape[0] - 1) / 2, atol=1e-6)


def test_strength_is_chosen_without_the_test_photos(problem):
    train, test, scores, _ = problem
    labels, first = fit(train, test, scores)
    _, other = fit(train, 100 * test[:3], scores)
    assert first.labels.strength == other.labels.strength
    assert first.scores.strength == other.scores.strength
    assert exact.choose_strength(rows(train), labels, np.arange(len(labels))) == first.labels.strength


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
    fitted = exact.fit_block(rows(train), rows(test), labels, np.arange(2 * count)).labels
    assert fitted.strength == exact.DEFAULT_STRENGTH
    assert ((fitted.predicted > 0) & (fitted.predicted < 1)).all()


def test_more_photos_than_values_in_few_groups_take_the_default():
    features = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    labels, fitted = fit(features, features[:3], features[:, 0], groups=np.arange(50) % 2)
    assert fitted.labels.strength == exact.DEFAULT_STRENGTH
    assert fitted.scores.strength == 1 / exact.DEFAULT_STRENGTH
    expected = scikit_learns(exact.DEFAULT_STRENGTH, features, features[:3], labels)
    np.testing.assert_allclose(fitted.labels.predicted, expected, atol=1e-5)
