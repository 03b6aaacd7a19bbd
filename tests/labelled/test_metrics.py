"""Metrics by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from aesthkeras.labelled.metrics import classification, correlation


def test_classification_by_hand():
    labels = np.array([0, 0, 0, 0, 1, 1])
    probabilities = np.array([0.1, 0.2, 0.6, 0.5, 0.55, 0.4])
    found = classification(labels, probabilities)
    assert found["accuracy"] == pytest.approx(3 / 6)  # 0.5 counts as positive
    assert found["balanced_accuracy"] == pytest.approx((2 / 4 + 1 / 2) / 2)
    pairs = [(p > n) + 0.5 * (p == n) for p in probabilities[4:] for n in probabilities[:4]]
    assert found["auc"] == pytest.approx(np.mean(pairs))


def test_correlation_by_hand():
    scores, predicted = np.array([1.0, 2.0, 3.0, 10.0, 10.0]), np.array([0.5, 0.1, 3.0, 4.0, 5.0])
    found = correlation(scores, predicted)
    assert found["plcc"] == pytest.approx(np.corrcoef(scores, predicted)[0, 1])
    ranks = stats.rankdata(scores), stats.rankdata(predicted)
    assert found["srcc"] == pytest.approx(np.corrcoef(*ranks)[0, 1])


@pytest.mark.parametrize("predicted", [np.ones(5), np.arange(5.0)[:2]])
def test_correlation_that_is_not_defined_is_left_out(predicted):
    assert correlation(np.arange(5.0)[: len(predicted)], predicted) == {}
