"""Dropout that counts its calls, so that a resumed training draws the same masks."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from aesthkeras.training.replicas import fold_replica

# Each replica counts the same calls. Keras 3 has words for what Keras 2 takes from TensorFlow.
ONLY_FIRST_REPLICA: Any = (
    "only_first_replica" if keras.__version__ >= "3" else tf.VariableAggregation.ONLY_FIRST_REPLICA
)


@keras.saving.register_keras_serializable(package="aesthkeras")
class CountedDropout(keras.layers.Layer):
    """Sets a share of the values to 0 in training and scales the others up (Srivastava et al. 2014).

    Keras's own layer draws from a state that no checkpoint keeps. Here the n-th call in training draws the
    n-th mask, and n is a weight, ``calls``, that checkpoints keep. Each replica draws masks of its own.

    Args:
        rate: the share, at least 0 and below 1.
        seed: equal seeds give equal masks.

    Call arguments:
        values: floating ``[N, ...]``.
        training: whether to set values to 0.

    Returns:
        The shape and dtype of ``values``.
    """

    def __init__(self, rate: float, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate, self.seed = float(rate), int(seed)
        self.calls = self.add_weight(
            name="calls",
            shape=(),
            dtype=tf.int64,
            initializer="zeros",
            trainable=False,
            aggregation=ONLY_FIRST_REPLICA,
        )

    def call(self, values: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Drop values of a batch."""
        if not training:
            return values
        number = self.calls.assign_add(1)
        seed = fold_replica(tf.stack([tf.cast(self.seed, tf.int64), number]))
        return tf.nn.experimental.stateless_dropout(values, self.rate, seed)

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild the layer."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
