"""The training schedule of the paper: learning-rate steps, and when a loss term is switched on.

Everything here is a function of the step or of the epochs' logs, so a resumed run needs no state of it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Protocol

import tensorflow as tf
from tensorflow import keras
from tqdm import tqdm

SPENT = 0.01
"""Mean entropy weight below which a training is as good as over; in healthy ones it was 0.09 and more."""


class Rule(Protocol):
    """Says whether something is on, from the logs of the epochs done so far."""

    def __call__(self, history: Sequence[dict[str, Any]]) -> bool:
        """True from the epoch that follows `history` on."""
        ...


class AfterEpochs:
    """On once so many epochs are done ("after the first 30 epochs", "after warm up")."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def __call__(self, history: Sequence[dict[str, Any]]) -> bool:
        """True when `history` has at least that many epochs."""
        return len(history) >= self.epochs


class AtPlateau:
    """On once the logged value `name` has made no progress for `epochs` epochs, and from then on.

    Progress is a new lowest value that lies below the last such value by the share `progress`.
    """

    def __init__(self, name: str, epochs: int, progress: float) -> None:
        self.name, self.epochs, self.progress = name, epochs, progress

    def __call__(self, history: Sequence[dict[str, Any]]) -> bool:
        """True when some run of `epochs` epochs in `history` made no progress."""
        best, waited = float("inf"), 0
        for logs in history:
            if logs[self.name] < best * (1 - self.progress):
                best, waited = logs[self.name], 0
            else:
                waited += 1
            if waited >= self.epochs:
                return True
        return False


class SwitchOn(keras.callbacks.Callback):
    """Sets `variable` to `value` at the start of each epoch for which `rule` holds, else to 0."""

    def __init__(
        self, variable: tf.Variable, value: float, rule: Rule, history: Sequence[dict[str, Any]]
    ) -> None:
        super().__init__()
        self.variable, self.value, self.rule = variable, value, rule
        self.history = list(history)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Decides for this epoch."""
        self.variable.assign(self.value if self.rule(self.history) else 0.0)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Remembers the epoch."""
        self.history.append(dict(logs or {}))


class SayWhenSpent(keras.callbacks.Callback):
    """Says once, on stderr, that the entropy weight leaves next to nothing to learn from.

    Switched on while the network is still unsure of everything, it is nil for all patches, and as nothing
    is learned any more it stays so (RESULTS.md, `entropy_early`).

    Args:
        weights: the mean weight of the epoch, a metric.
    """

    def __init__(self, weights: keras.metrics.Metric) -> None:
        super().__init__()
        self.weights, self.said = weights, False

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Looks at this epoch's mean."""
        mean = float(self.weights.result())
        if mean < SPENT and not self.said:
            self.said = True
            tqdm.write(
                f"aesthkeras: epoch {epoch + 1}: the mean entropy weight is {mean:.4f}, next to nothing is "
                "learned any more: expected a later --entropy_epoch, or --entropy_unit=normalised",
                file=sys.stderr,
            )
