"""How long a training waits for its input, measured around the dataset's iterator."""

from __future__ import annotations

import tensorflow as tf

INPUT_WAIT = "input_wait"


def with_input_wait(batches: tf.data.Dataset) -> tf.data.Dataset:
    """Adds to each batch how long it was waited for.

    A zipped dataset asks its parts one after the other, so a clock in front of the batches says when the
    training began to wait, and the map behind them when the batch was there. No Python runs in between.

    Args:
        batches: dicts of tensors. Nothing that runs ahead, such as a prefetch, may follow.

    Returns:
        The same dicts with `input_wait`, float64 `[B]`: each row's share of the seconds.
    """
    clock = tf.data.Dataset.counter().map(lambda _: tf.timestamp())

    @tf.autograph.experimental.do_not_convert
    def with_wait(began: tf.Tensor, batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        rows = tf.shape(next(iter(batch.values())))[0]  # which replicas share out among them
        return {**batch, INPUT_WAIT: tf.fill([rows], (tf.timestamp() - began) / tf.cast(rows, tf.float64))}

    timed = tf.data.Dataset.zip((clock, batches)).map(with_wait)
    options = tf.data.Options()
    options.experimental_optimization.inject_prefetch = False  # it would do the waiting for the training
    return timed.with_options(options)
