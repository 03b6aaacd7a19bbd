"""Checkpoints of a training run: after each epoch, and every few minutes inside one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow import keras

from aesthkeras.errors import UsageError

KEPT = 2


def restore_from(path: str, checkpoint: tf.train.Checkpoint, networks_only: bool = False) -> None:
    """Loads a checkpoint of a run into objects whose variables are made.

    Args:
        path: the checkpoint, without the suffixes of its files.
        checkpoint: the objects by name.
        networks_only: whether these are a part of what was saved; otherwise all of it must find its place.

    Raises:
        UsageError: it is damaged, or belongs to another model.
    """
    try:
        status = checkpoint.restore(path)
        if networks_only:
            status.assert_existing_objects_matched().expect_partial()
        else:
            status.assert_consumed()
    # a file cut short is an IndexError, a variable of another shape a ValueError
    except (tf.errors.OpError, IndexError, ValueError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"{path}: expected a whole checkpoint of this run ({reason})") from error


class Checkpoints(keras.callbacks.Callback):
    """Saves and restores weights, optimizer state (with the step) and the running epoch's metrics.

    What else a run needs follows from the step: data order, crops and edits are functions of seed and
    position, learning rate and phases of step and epoch log. TensorFlow writes a checkpoint aside and
    renames it, so a kill or a full disk leaves the one before.

    Args:
        model: compiled, all variables made.
        folder: where the checkpoints lie.
        steps_per_epoch: steps in a whole epoch.
        minutes: time between two checkpoints inside an epoch.
    """

    def __init__(self, model: keras.Model, folder: Path, steps_per_epoch: int, minutes: float) -> None:
        super().__init__()
        self.steps_per_epoch = steps_per_epoch
        self.trained = model
        self.seconds = 60 * minutes
        self.saved_at = time.monotonic()
        checkpoint = tf.train.Checkpoint(
            encoder=model.encoder,
            head=model.head,
            optimizer=model.optimizer,
            metrics={metric.name: metric for metric in model.metrics},
        )
        self.manager = tf.train.CheckpointManager(
            checkpoint, str(folder), max_to_keep=KEPT, checkpoint_name="step"
        )
        self.metric_values: list[Any] | None = None

    def restore(self) -> int:
        """Loads the newest checkpoint, if any; returns the number of steps done.

        Raises:
            UsageError: it cannot be read, or belongs to another model.
        """
        newest = self.manager.latest_checkpoint
        if newest is None:
            return 0
        restore_from(newest, self.manager.checkpoint)
        step = self.trained.step
        if step % self.steps_per_epoch:
            self.metric_values = [variable.numpy() for variable in self._metric_variables()]
        return step

    def _metric_variables(self) -> list[tf.Variable]:
        return [variable for metric in self.trained.metrics for variable in metric.variables]

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Puts back the metrics of the epoch that was cut short: Keras has just reset them."""
        if self.metric_values is not None:
            for variable, value in zip(self._metric_variables(), self.metric_values):
                variable.assign(value)
        self.metric_values = None

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves when the time has come; not at the last step of an epoch, whose log line must come first."""
        last = batch + 1 == self.params["steps"]
        if not last and time.monotonic() - self.saved_at > self.seconds:
            self.save()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves after the epoch's log line is written."""
        self.save()

    def save(self) -> None:
        """Writes a checkpoint named after the step and drops all but the newest two."""
        self.manager.save(checkpoint_number=self.trained.step)
        self.saved_at = time.monotonic()
