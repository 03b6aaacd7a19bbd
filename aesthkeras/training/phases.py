"""The phases of a training: when a number, such as the weight of a loss term, is switched on.

Everything here is a function of the logs of the epochs so far, so a resumed run needs no state of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

History = Sequence[Mapping[str, float]]
"""The logs of the epochs done so far."""

Rule = Callable[[History], bool]
"""Whether something is on in the epoch that follows a history."""


def after_epochs(epochs: int) -> Rule:
    """On once so many epochs are done ("after the first 30 epochs", "after warm up")."""
    return lambda history: len(history) >= epochs


def at_plateau(name: str, epochs: int, progress: float) -> Rule:
    """On from the first time that the logged value `name` makes no progress for `epochs` epochs in a row.

    Progress is a value that lies below the best one so far by more than the share `progress`.
    """

    def reached(history: History) -> bool:
        best, waited = float("inf"), 0
        for logs in history:
            if logs[name] < best * (1 - progress):
                best, waited = logs[name], 0
            else:
                waited += 1
            if waited >= epochs:
                return True
        return False

    return reached


class SwitchOn(keras.callbacks.Callback):
    """Sets `variable` at the start of each epoch: to `value` where `rule` holds, else to 0.

    Args:
        variable: float scalar.
        value: what it is set to.
        rule: decides from the epochs before.
        history: the epochs that were done before this training.
    """

    def __init__(self, variable: tf.Variable, value: float, rule: Rule, history: History = ()) -> None:
        super().__init__()
        self.variable, self.value, self.rule = variable, value, rule
        self.history = list(history)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Decides for this epoch."""
        self.variable.assign(self.value if self.rule(self.history) else 0.0)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Adds the epoch to the history."""
        self.history.append(dict(logs or {}))
