"""Keras callbacks that write down what a run does: epoch log, TensorBoard, throughput."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

Logs = dict[str, Any]


class Throughput(keras.callbacks.Callback):
    """Adds `images_per_second` and `input_wait` (share of the time) to the epoch's logs.

    Args:
        images_per_step: images through the network in one step.
        input_wait: sums up the seconds that the epoch has waited for its input.
    """

    def __init__(self, images_per_step: int, input_wait: keras.metrics.Metric) -> None:
        super().__init__()
        self._supports_tf_logs = True  # reads no logs: no step waits for their numbers
        self.images_per_step, self.input_wait = images_per_step, input_wait
        self._first = self._last = -1
        self._began = self._waited = 0.0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Nothing is counted yet."""
        self._first = -1

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Counts from the second step on: the first one compiles, and fills the input pipeline."""
        self._last = batch
        if self._first < 0:
            self._first, self._waited = batch, float(self.input_wait.result())
            self._began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Says how fast it went; nothing after an epoch of one step."""
        steps = self._last - self._first
        if logs is not None and steps > 0:
            waited = float(self.input_wait.result()) - self._waited
            seconds = time.perf_counter() - self._began
            logs["images_per_second"] = steps * self.images_per_step / seconds
            logs["input_wait"] = waited / seconds


class ExtraLogs(keras.callbacks.Callback):
    """Adds what `read` returns to the epoch's logs, ahead of the callbacks that write them."""

    def __init__(self, read: Callable[[], dict[str, float]]) -> None:
        super().__init__()
        self.read = read

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Extends the dict that all later callbacks see."""
        if logs is not None:
            logs.update(self.read())


class EpochLog(keras.callbacks.Callback):
    """Hands `epoch`, `step`, `images_seen` and all logs of each epoch to `append`, as plain numbers.

    Args:
        append: takes the line.
        images_per_step: images through the network in one step.
    """

    def __init__(self, append: Callable[[Logs], None], images_per_step: int) -> None:
        super().__init__()
        self.append, self.images_per_step = append, images_per_step

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """One line an epoch; epochs count from 1, as people do."""
        numbers = {name: float(value) for name, value in (logs or {}).items()}
        step = self.model.step
        counts = {"epoch": epoch + 1, "step": step, "images_seen": step * self.images_per_step}
        self.append({**counts, **numbers})


class Pictures(keras.callbacks.Callback):
    """Writes pictures to TensorBoard after each epoch.

    Args:
        folder: where the event file goes.
        draw: gives name -> uint8 `[H, W, 3]`.
    """

    def __init__(self, folder: Path, draw: Callable[[], dict[str, np.ndarray]]) -> None:
        super().__init__()
        self.draw = draw
        self.writer = tf.summary.create_file_writer(str(folder))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Draws and writes them under the step of Keras's own scalars, the epoch."""
        with self.writer.as_default(step=epoch):
            for name, picture in self.draw().items():
                tf.summary.image(name, picture[np.newaxis])
        self.writer.flush()


def tensorboard(folder: Path, histograms: bool, profile_steps: str) -> keras.callbacks.Callback:
    """Keras's own TensorBoard callback: every scalar of the epoch's logs, weights and profiler on demand.

    Args:
        folder: where the event files go.
        histograms: whether to write histograms of all weights each epoch.
        profile_steps: `first,last` steps to profile; empty for none.
    """
    return keras.callbacks.TensorBoard(
        log_dir=str(folder),
        histogram_freq=1 if histograms else 0,
        write_graph=False,
        profile_batch=tuple(int(step) for step in profile_steps.split(",")) if profile_steps else 0,
    )
