"""Calibration against scikit-learn, calibration error by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from aesthkeras.scorers.calibration import calibration_error, fit_calibration


@pytest.fixture(scope="module")
def sampled() -> tuple[np.ndarray, np.ndarray]:
    """Logits, and labels drawn with their probabilities."""
    chance = np.random.default_rng(0)
    logits = chance.normal(0.3, 2, 500)
    return logits, (chance.random(500) < 1 / (1 + np.exp(-logits))).astype(np.int64)


def regression(values: np.ndarray, labels: np.ndarray, intercept: bool) -> tuple[float, float]:
    """Threshold and temperature of scikit-learn's logistic regression without a penalty."""
    model = LogisticRegression(C=np.inf, fit_intercept=intercept, tol=1e-8)
    model.fit(values[:, np.newaxis], labels)
    slope = model.coef_[0, 0]
    return -float(np.ravel(model.intercept_)[0]) / slope, 1 / slope


@pytest.mark.parametrize("factor", [0.02, 1.0, 40.0])
def test_temperature_is_that_of_a_logistic_regression_without_intercept(sampled, factor):
    logits, labels = sampled
    threshold, temperature = fit_calibration(logits * factor, labels, 0.0)
    assert threshold == 0
    assert temperature == pytest.approx(regression(logits * factor, labels, False)[1], rel=1e-3)
    assert temperature == pytest.approx(factor, rel=0.2)  # they were true


@pytest.mark.parametrize(("factor", "shift"), [(1.0, 0.0), (5.0, 60.0), (0.1, -3.0)])
def test_threshold_and_temperature_are_those_of_a_logistic_regression(sampled, factor, shift):
    values, labels = sampled[0] * factor + shift, sampled[1]
    threshold, temperature = fit_calibration(values, labels)
    expected = regression(values, labels, True)
    assert threshold == pytest.approx(expected[0], abs=0.01 * factor)
    assert temperature == pytest.approx(expected[1], rel=1e-3)


def test_values_that_separate_contradict_or_say_nothing():
    labels = np.array([0, 0, 1, 1])
    logits = np.array([-1.0, -2.0, 1.0, 2.0])
    spread = np.sqrt(2.5)
    assert fit_calibration(logits, labels, 0.0)[1] == pytest.approx(spread / 5)
    assert fit_calibration(-logits, labels, 0.0)[1] == pytest.approx(spread * 20)
    threshold, temperature = fit_calibration(np.full(4, 3.0), np.array([0, 1, 1, 1]))
    assert 1 / (1 + np.exp((threshold - 3) / temperature)) == pytest.approx(0.75, abs=1e-3)


def test_photos_that_the_classes_divide_keep_their_order_in_float32():
    values = np.random.default_rng(0).normal(size=200)
    threshold, temperature = fit_calibration(values, (values > 0.1).astype(int))
    reached = np.linspace(values.min(), values.max(), 200, dtype=np.float32)
    scores = 1 / (1 + np.exp((np.float32(threshold) - reached) / np.float32(temperature)))
    assert scores.dtype == np.float32 and (np.diff(scores) > 0).all()


def test_calibration_error_by_hand():
    """Bins of a half: 0.1 and 0.3 hold one positive, 0.5 - 0.2; 0.6, 1 and 1 hold two, 0.867 - 0.667."""
    labels = np.array([0, 1, 0, 1, 1])
    probabilities = np.array([0.1, 0.3, 0.6, 1.0, 1.0])
    expected = 2 / 5 * 0.3 + 3 / 5 * (2.6 / 3 - 2 / 3)
    assert calibration_error(labels, probabilities, bins=2) == pytest.approx(expected)
    assert calibration_error(labels, labels.astype(float)) == 0
    assert calibration_error(labels, 1 - labels.astype(float)) == 1
