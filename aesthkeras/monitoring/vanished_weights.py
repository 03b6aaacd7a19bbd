"""A warning about a schedule that switches the entropy weight on too early."""

from __future__ import annotations

import sys
from typing import Any

import keras
from tqdm import tqdm

VANISHED = 0.01
"""A mean entropy weight below which nothing is learned any more; in sound trainings it was 0.09 or more."""


class WarnOfVanishedWeights(keras.callbacks.Callback):
    """Warns once, on stderr, when the entropy weights leave next to nothing to learn from.

    By the entropy of the whole prediction, switched on while the network is still unsure of everything, it is
    0 for all patches. Nothing is learned then, and so it stays 0 (RESULTS.md, `entropy_early`).

    Args:
        weights: the mean weight of the epoch.
    """

    def __init__(self, weights: keras.metrics.Metric) -> None:
        super().__init__()
        self.weights, self.warned = weights, False

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Checks the mean of this epoch."""
        mean = float(self.weights.result())
        if mean < VANISHED and not self.warned:
            self.warned = True
            tqdm.write(
                f"aesthkeras: epoch {epoch + 1}: the mean entropy weight is {mean:.4f}, next to nothing is "
                "learned any more: expected a later entropy_epoch, or entropy_of=applied",
                file=sys.stderr,
            )
