"""The confusion matrix of a classifier as a Keras metric, and what is read from it."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf


class ConfusionMatrix(keras.metrics.Metric):
    """Counts of (true class, predicted class); rows are true classes."""

    def __init__(self, classes: int, name: str = "confusion") -> None:
        super().__init__(name=name, dtype="int64")
        self.classes = classes
        self.matrix = self.add_weight(
            name="matrix", shape=(classes, classes), dtype="int64", initializer="zeros"
        )

    def update_state(
        self, true: tf.Tensor, predicted: tf.Tensor, sample_weight: tf.Tensor | None = None
    ) -> None:
        """Adds a batch: int class indices of the same shape, any rank."""
        self.matrix.assign_add(
            tf.math.confusion_matrix(
                tf.reshape(true, [-1]), tf.reshape(predicted, [-1]), self.classes, dtype=tf.int64
            )
        )

    def result(self) -> tf.Tensor:
        """int64 `[classes, classes]`."""
        return tf.identity(self.matrix)

    def accuracy(self) -> tf.Tensor:
        """Share of correct predictions, float32 scalar; 0 before any."""
        # The trace, spelt out: a GPU has no kernel for the diagonal of int64.
        right = tf.cast(tf.reduce_sum(self.matrix * np.eye(self.classes, dtype=np.int64)), tf.float32)
        return tf.math.divide_no_nan(right, tf.cast(tf.reduce_sum(self.matrix), tf.float32))

    def reset_state(self) -> None:
        """Back to zero counts."""
        self.matrix.assign(tf.zeros_like(self.matrix))


def row_accuracy(matrix: np.ndarray, rows: Sequence[int]) -> float:
    """Share of correct predictions among the true classes `rows`; 0 if there were none."""
    total = matrix[list(rows)].sum()
    return float(sum(matrix[row, row] for row in rows) / total) if total else 0.0


def balanced_accuracy(matrix: np.ndarray) -> float:
    """Mean over the classes that occurred of the share of correct predictions."""
    seen = [row for row in range(len(matrix)) if matrix[row].sum()]
    return float(np.mean([row_accuracy(matrix, [row]) for row in seen])) if seen else 0.0
