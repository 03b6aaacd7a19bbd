"""The end of a training whose loss or weights are no numbers any more."""

from __future__ import annotations

import math
from typing import Any

import keras

from aesthkeras.errors import UsageError
from aesthkeras.training.checkpoints import TrainingCheckpoint
from aesthkeras.training.sgd_settings import SgdSettings


def stop_if_diverged(
    checkpoint: TrainingCheckpoint, settings: SgdSettings, epoch: int, loss: float = 0.0
) -> None:
    """Ends a training that has nothing more to learn; called after an epoch, for it waits for the device.

    A step that the loss scaling of float16 skips changes neither loss nor weights.

    Args:
        checkpoint: of the training; the last one written stays as it is.
        settings: its learning rate.
        epoch: which has just been done, from 1.
        loss: of this epoch; leave it out where none is kept.

    Raises:
        UsageError: the loss, or a weight, is NaN or infinite; the same training will not go on.
    """
    is_finite = math.isfinite(loss)
    if is_finite and checkpoint.is_finite():
        return
    what = "weights became infinite or nan" if is_finite else f"the loss became {loss:g}"
    smaller = "a smaller one"
    if keras.mixed_precision.global_policy().name == "mixed_float16":
        smaller += " or precision=float32"
    message = f"learning_rate={settings.learning_rate}: {what} in epoch {epoch}; "
    message += f"expected {smaller}, in another run_dir"
    if checkpoint.exists():
        message += f"; the last finite weights stay in {checkpoint.folder}"
    checkpoint.note_divergence(message)
    raise UsageError(message)


class StopOnDivergence(keras.callbacks.Callback):
    """Ends a fit whose epoch had a loss that is no number, ahead of the callbacks that write the epoch down.

    Args:
        checkpoint: of the training.
        settings: its learning rate.
    """

    def __init__(self, checkpoint: TrainingCheckpoint, settings: SgdSettings) -> None:
        super().__init__()
        self._supports_tf_logs = True  # reads no logs of steps: none waits for their numbers
        self.checkpoint, self.settings = checkpoint, settings
        self.epoch = 1

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Epochs count from 1, as people do."""
        self.epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Looks when a checkpoint is due, which waits for the device anyway."""
        if self.checkpoint.is_due:
            stop_if_diverged(self.checkpoint, self.settings, self.epoch)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Looks at the epoch's mean loss and at all that the checkpoint would keep."""
        stop_if_diverged(self.checkpoint, self.settings, self.epoch, float((logs or {}).get("loss", 0.0)))
