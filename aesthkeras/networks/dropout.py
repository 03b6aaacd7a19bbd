"""Dropout whose masks hang on its seed and on how often it was called: a training that was cut draws on."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow import keras


@keras.saving.register_keras_serializable(package="aesthkeras")
class CountedDropout(keras.layers.Layer):
    """Sets a share of the values to 0 in training and scales the others up (Srivastava et al. 2014).

    Keras's own layer draws from a state that no checkpoint holds. Here the n-th call in training draws the
    n-th mask, and n is a weight, ``calls``.

    Args:
        rate: the share, from 0 up to, not including, 1.
        seed: decides the masks.

    Call arguments:
        values: floating ``[N, ...]``.
        training: whether to leave values out.

    Returns:
        The shape and dtype of ``values``.
    """

    def __init__(self, rate: float, seed: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate, self.seed = float(rate), int(seed)
        self.calls = self.add_weight(
            name="calls", shape=(), dtype=tf.int64, initializer="zeros", trainable=False
        )

    def call(self, values: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Thin out a batch."""
        if not training:
            return values
        number = self.calls.assign_add(1)
        return tf.nn.experimental.stateless_dropout(values, self.rate, [tf.cast(self.seed, tf.int64), number])

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild the layer."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
