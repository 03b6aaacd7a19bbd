"""Checkpoints of any training, in TensorFlow's own format: pre-training, probes by SGD, heads."""

from __future__ import annotations

import io
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aesthkeras.errors import UsageError, first_line
from aesthkeras.files import replace_file
from aesthkeras.training.machines import is_chief, machines
from aesthkeras.training.replicas import agreed

KEPT = 2
DIVERGED = "diverged.txt"  # what a training that lost its numbers leaves beside its checkpoints
STEPS_BETWEEN_TALKS = 20  # of several machines: whether a checkpoint is due they have to agree on

Arrays = dict[str, np.ndarray]
Trackables = Mapping[str, Any]
"""By name: variables, layers, models, optimizers, `StoredArrays`, and lists or dicts of these."""


class TrainingCheckpoint:
    """Keeps a training on disk: every few minutes, and whenever `save` is called.

    On several machines all take part, for the values are spread over them; what others than the chief write
    goes to a temporary folder.

    What else a training needs follows from the step: the order of the data, crops and edits are functions of
    seed and position. TensorFlow writes a checkpoint aside and renames it, so a kill or a full disk leaves
    the one before. What is no number any more is never written. The folder belongs to one training.

    Args:
        folder: where the checkpoints lie; made by the first one.
        minutes: time between two checkpoints of `save_in_time`.
    """

    def __init__(self, folder: Path, minutes: float) -> None:
        self.folder = folder
        self.seconds = 60 * minutes
        self.saved_at = time.monotonic()
        self._manager: tf.train.CheckpointManager | None = None
        self._trained: Trackables = {}

    def restore(self, trained: Trackables) -> int:
        """Takes the objects to keep, and gives them the values of the newest checkpoint.

        Args:
            trained: with all their variables made.

        Returns:
            The number of steps done; 0 where there is no checkpoint yet.

        Raises:
            UsageError: the checkpoint is damaged, or belongs to another training; or this one has diverged.
        """
        diverged = self.folder / DIVERGED
        if diverged.exists():
            again = f"to go on from the last checkpoint all the same, delete {diverged}"
            raise UsageError(f"{diverged.read_text(encoding='utf-8')}; {again}")
        self._trained = trained
        checkpoint = tf.train.Checkpoint(**trained)
        place = str(self.folder)
        if not is_chief():
            self._aside = tempfile.TemporaryDirectory()
            place = self._aside.name
        self._manager = tf.train.CheckpointManager(
            checkpoint, place, max_to_keep=KEPT, checkpoint_name="step"
        )
        # `latest_checkpoint` would say nothing of one whose files are gone, and the training would begin anew
        state = tf.train.get_checkpoint_state(str(self.folder))
        if state is None:
            return 0
        newest = state.model_checkpoint_path
        restore_from(newest, checkpoint)
        return int(newest.rpartition("-")[2])

    def save(self, step: int) -> None:
        """Writes a checkpoint named after the number of steps done, and drops all but the newest two.

        Nothing is written, and nothing dropped, where a value is no number.
        """
        assert self._manager is not None, "restore comes first: it takes the objects"
        if self.is_finite():
            self._manager.save(checkpoint_number=step)
        self.saved_at = time.monotonic()

    def exists(self) -> bool:
        """Whether one has been written; TensorFlow names the newest in a file of this name."""
        return (self.folder / "checkpoint").exists()

    def is_finite(self) -> bool:
        """Whether all that is kept is a number: weights, statistics, metrics; waits for the device."""
        values = map(tf.convert_to_tensor, _variables(self._trained))
        finite = [tf.reduce_all(tf.math.is_finite(value)) for value in values if value.dtype.is_floating]
        return bool(tf.reduce_all(finite))

    def note_divergence(self, message: str) -> None:
        """Keeps the message beside the checkpoints: `restore` says it again instead of going on."""
        self.folder.mkdir(parents=True, exist_ok=True)
        replace_file(self.folder / DIVERGED, message.encode())

    @property
    def is_due(self) -> bool:
        """Whether the minutes since the last one are over."""
        return time.monotonic() - self.saved_at > self.seconds

    def save_in_time(self, step: int) -> None:
        """`save`, when a checkpoint is due."""
        if self.is_due:
            self.save(step)

    def remove(self) -> None:
        """Deletes the folder: the training is done, and what came out of it is kept elsewhere."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _variables(trained: Any) -> Iterator[Any]:
    """Every variable in objects that a checkpoint keeps; `StoredArrays` have none."""
    if isinstance(trained, Mapping):
        trained = list(trained.values())
    if isinstance(trained, list | tuple):
        for part in trained:
            yield from _variables(part)
    elif hasattr(trained, "variables"):
        yield from trained.variables
    elif not isinstance(trained, StoredArrays):
        yield trained


def restore_from(path: str, checkpoint: tf.train.Checkpoint, networks_only: bool = False) -> None:
    """Loads a checkpoint into objects whose variables are made.

    Args:
        path: the checkpoint, without the suffixes of its files.
        checkpoint: the objects by name.
        networks_only: whether these are a part of what was saved; otherwise all of it must find its place.

    Raises:
        UsageError: it is damaged, or belongs to another training.
    """
    try:
        status = checkpoint.restore(path)
        if networks_only:
            status.assert_existing_objects_matched().expect_partial()
        else:
            status.assert_consumed()
    # a file cut short is an IndexError, a variable of another shape a ValueError
    except (tf.errors.OpError, IndexError, ValueError, AssertionError) as error:
        raise UsageError(f"{path}: expected a whole checkpoint of this run ({first_line(error)})") from error


class StoredArrays(tf.train.experimental.PythonState):
    """NumPy arrays in a checkpoint: what changes its length or is no variable.

    Args:
        read: gives the arrays by name when a checkpoint is written.
        write: takes them when one is restored.
    """

    def __init__(self, read: Callable[[], Arrays], write: Callable[[Arrays], None]) -> None:
        self.read, self.write = read, write

    def serialize(self) -> bytes:
        """The arrays as the content of an .npz file."""
        content = io.BytesIO()
        np.savez(content, **self.read())  # type: ignore[arg-type]
        return content.getvalue()

    def deserialize(self, string_value: bytes) -> None:
        """Hands the arrays of `serialize` to `write`."""
        with np.load(io.BytesIO(string_value)) as stored:
            self.write({name: stored[name] for name in stored.files})


class SaveCheckpoints(keras.callbacks.Callback):
    """Keeps a model that Keras fits: after each epoch, and every few minutes inside one.

    Args:
        checkpoint: where; `restore` has been called.
        metrics: the variables of each metric of the model. Those of an epoch that was cut short are put back
            when it goes on.
        steps_per_epoch: steps in a whole epoch.
        done: steps done before this fit, as `restore` returned them.
    """

    def __init__(
        self,
        checkpoint: TrainingCheckpoint,
        metrics: list[list[tf.Variable]],
        steps_per_epoch: int,
        done: int,
    ) -> None:
        super().__init__()
        self._supports_tf_logs = True  # reads no logs: no step waits for their numbers
        self.checkpoint = checkpoint
        self._variables = [variable for variables in metrics for variable in variables]
        is_inside = done % steps_per_epoch > 0
        self._values = [variable.numpy() for variable in self._variables] if is_inside else []

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Puts back the metrics of the epoch that was cut short: Keras has just reset them."""
        for variable, value in zip(self._variables, self._values):
            variable.assign(value)
        self._values = []

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves when the time has come; not at the last step of an epoch, whose log line must come first."""
        if batch + 1 == self.params["steps"] or (machines() > 1 and batch % STEPS_BETWEEN_TALKS):
            return
        if agreed(self.checkpoint.is_due):
            self.checkpoint.save(self.model.step)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves after the epoch's log line is written."""
        self.checkpoint.save(self.model.step)
