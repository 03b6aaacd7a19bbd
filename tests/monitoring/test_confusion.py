"""The confusion metric against scikit-learn."""

from __future__ import annotations

import numpy as np
from sklearn import metrics as sklearn_metrics

from aesthkeras.monitoring.confusion import ConfusionMatrix, balanced_accuracy, row_accuracy


def test_counts_and_accuracies_equal_scikit_learn_over_several_batches():
    generator = np.random.default_rng(0)
    true, predicted = generator.integers(0, 5, (2, 6, 7))
    metric = ConfusionMatrix(5)
    metric.update_state(true[:2], predicted[:2])
    metric.update_state(true[2:], predicted[2:])
    matrix = metric.result().numpy()
    flat = true.ravel(), predicted.ravel()
    np.testing.assert_array_equal(matrix, sklearn_metrics.confusion_matrix(*flat))
    assert np.isclose(metric.accuracy(), sklearn_metrics.accuracy_score(*flat))
    assert np.isclose(balanced_accuracy(matrix), sklearn_metrics.balanced_accuracy_score(*flat))
    rows = np.isin(true, [1, 3])
    assert np.isclose(row_accuracy(matrix, [1, 3]), np.mean(true[rows] == predicted[rows]))


def test_reset_and_empty():
    metric = ConfusionMatrix(3)
    metric.update_state([0, 1], [0, 1])
    metric.reset_state()
    assert metric.result().numpy().sum() == 0
    assert float(metric.accuracy()) == 0.0
    assert balanced_accuracy(metric.result().numpy()) == 0.0
