"""Metrics by hand, and the bootstrap against what is known of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from aesthkeras.adaptation.metrics import classification, correlation, paired_difference


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


def test_paired_difference_matches_the_normal_approximation():
    generator = np.random.default_rng(0)
    first, second = generator.random(900) < 0.7, generator.random(900) < 0.6
    found = paired_difference(first, second, seed=1)
    difference = first.astype(float) - second
    error = difference.std() / 30
    assert found.mean == pytest.approx(difference.mean())
    np.testing.assert_allclose(
        [found.low, found.high], difference.mean() + np.array([-1.96, 1.96]) * error, atol=0.004
    )


def test_paired_difference_is_the_same_for_the_same_seed_and_zero_for_the_same_encoder():
    correct = np.random.default_rng(0).random(50) < 0.5
    assert paired_difference(correct, correct) == (0, 0, 0)
    other = ~correct
    assert paired_difference(correct, other, seed=3) == paired_difference(correct, other, seed=3)


def test_groups_widen_the_interval():
    generator = np.random.default_rng(0)
    by_group = generator.choice([-1.0, 0.0, 1.0], 40)
    first, second = np.repeat(by_group, 10), np.zeros(400)
    groups = np.repeat(np.arange(40), 10).astype(str)
    alone, grouped = paired_difference(first, second), paired_difference(first, second, groups)
    assert grouped.high - grouped.low > 2 * (alone.high - alone.low)
    assert alone.mean == pytest.approx(grouped.mean)
    np.testing.assert_allclose(paired_difference(first, second, np.full(400, "")), alone, atol=0.01)


def test_photos_that_one_was_not_tested_on_do_not_count():
    first, second = np.array([1, 1, np.nan, 0]), np.array([0, np.nan, 0, 0.0])
    assert paired_difference(first, second).mean == pytest.approx(0.5)
    with pytest.raises(ValueError, match="at least one photo"):
        paired_difference(np.full(3, np.nan), np.zeros(3))
    with pytest.raises(ValueError, match="one length"):
        paired_difference(np.zeros(3), np.zeros(4))
