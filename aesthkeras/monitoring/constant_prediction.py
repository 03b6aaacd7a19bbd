"""The loss of the best constant prediction: what the loss of a task is to be compared with."""

from __future__ import annotations

import keras
import tensorflow as tf


class ConstantPrediction(keras.metrics.Metric):
    """The mean cross-entropy of the one distribution that fits all targets seen so far best.

    A network that ignores its input cannot have a lower loss.
    """

    def __init__(self, classes: int, name: str = "constant") -> None:
        super().__init__(name=name, dtype="float32")
        self.classes = classes
        self.mass = self.add_weight(name="mass", shape=(classes,), initializer="zeros")
        self.count = self.add_weight(name="count", shape=(), initializer="zeros")

    def update_state(self, targets: tf.Tensor, sample_weight: tf.Tensor | None = None) -> None:
        """Adds float32 `[..., classes]`, which need not add up to 1."""
        rows = tf.reshape(targets, [-1, self.classes])
        self.mass.assign_add(tf.reduce_sum(rows, axis=0))
        self.count.assign_add(tf.cast(tf.shape(rows)[0], tf.float32))

    def result(self) -> tf.Tensor:
        """Mean over the targets t of `-sum(t log q)` with `q = mean(t) / sum(mean(t))`; 0 before any."""
        mean = tf.math.divide_no_nan(self.mass, self.count)
        best = tf.math.divide_no_nan(mean, tf.reduce_sum(mean))
        return -tf.reduce_sum(tf.math.xlogy(mean, best))

    def reset_state(self) -> None:
        """Back to nothing seen."""
        self.mass.assign(tf.zeros_like(self.mass))
        self.count.assign(0.0)
