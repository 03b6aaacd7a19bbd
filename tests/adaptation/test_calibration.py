"""Temperature against scikit-learn, calibration error by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from aesthkeras.adaptation.calibration import calibration_error, fit_temperature


@pytest.mark.parametrize("factor", [0.02, 1.0, 40.0])
def test_temperature_is_that_of_a_logistic_regression_without_intercept(factor):
    chance = np.random.default_rng(0)
    logits = chance.normal(0.3, 2, 500)
    labels = (chance.random(500) < 1 / (1 + np.exp(-logits))).astype(np.int64)
    model = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-8)
    model.fit(logits[:, np.newaxis], labels)
    expected = factor / model.coef_[0, 0]
    assert fit_temperature(logits * factor, labels) == pytest.approx(expected, rel=1e-3)
    assert fit_temperature(logits * factor, labels) == pytest.approx(factor, rel=0.2)  # they were true


def test_temperature_of_margins_that_separate_contradict_or_say_nothing():
    labels = np.array([0, 0, 1, 1])
    margins = np.array([-1.0, -2.0, 1.0, 2.0])
    spread = np.sqrt(2.5)
    assert fit_temperature(margins, labels) == pytest.approx(spread / 20, rel=0.01)
    assert fit_temperature(-margins, labels) == pytest.approx(spread * 20, rel=0.01)
    assert fit_temperature(np.zeros(4), labels) == 1


def test_calibration_error_by_hand():
    """Bins of a half: 0.1 and 0.3 hold one positive, 0.5 - 0.2; 0.6, 1 and 1 hold two, 0.867 - 0.667."""
    labels = np.array([0, 1, 0, 1, 1])
    probabilities = np.array([0.1, 0.3, 0.6, 1.0, 1.0])
    expected = 2 / 5 * 0.3 + 3 / 5 * (2.6 / 3 - 2 / 3)
    assert calibration_error(labels, probabilities, bins=2) == pytest.approx(expected)
    assert calibration_error(labels, labels.astype(float)) == 0
    assert calibration_error(labels, 1 - labels.astype(float)) == 1
