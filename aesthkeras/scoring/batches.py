"""A network that always sees batches of the same size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

Answers = dict[str, np.ndarray]


class FixedBatches:
    """Crops to answers by name, always in batches of the same size.

    oneDNN adds in another order for another batch size, and the last bits differ. Here the graph has one
    size and a batch that is not full is filled up, so that what a photo scores does not depend on how many
    others there are.

    Args:
        function: pixels uint8 `[batch_size, crop, crop, 3]` to tensors `[batch_size, ...]` by name; traced
            when it is first called.
        crop: edge of the crops in pixels.
        batch_size: crops that the function sees at once.
    """

    def __init__(
        self, function: Callable[[tf.Tensor], dict[str, tf.Tensor]], crop: int, batch_size: int
    ) -> None:
        specification = tf.TensorSpec([batch_size, crop, crop, 3], tf.uint8)
        self._function = tf.function(function, input_signature=[specification], autograph=False)
        self._batch_size = batch_size

    def __call__(self, crops: np.ndarray) -> Answers:
        """Answers crops, uint8 `[N, crop, crop, 3]` in RGB, N at least 1, with arrays `[N, ...]` by name."""
        batches = []
        for start in range(0, len(crops), self._batch_size):
            batch = crops[start : start + self._batch_size]
            missing = self._batch_size - len(batch)
            full = np.pad(batch, [(0, missing), (0, 0), (0, 0), (0, 0)]) if missing else batch
            answers = self._function(tf.constant(full))
            batches.append({name: values.numpy()[: len(batch)] for name, values in answers.items()})
        return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}
