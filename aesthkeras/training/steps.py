"""The loop of trainings that Keras's `fit` does not run: many small networks on one stream of batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import tensorflow as tf
from tqdm import tqdm

from aesthkeras.photos.patches import unreadable_photo
from aesthkeras.training.checkpoints import TrainingCheckpoint

AnyBatch = TypeVar("AnyBatch")


def resumable_steps(
    batches: Iterator[AnyBatch], done: int, total: int, checkpoint: TrainingCheckpoint, title: str
) -> Iterator[tuple[int, AnyBatch]]:
    """Numbers the batches of a training, shows its progress, and saves it when the time has come.

    Args:
        batches: endless, the next one being that of step `done`.
        done: steps done already, as `checkpoint.restore` returned them.
        total: steps of the whole training.
        checkpoint: saved after a step, when its minutes are over.
        title: of the progress bar.

    Yields:
        The number of the step, from `done` on, and its batch. What the caller does with it is the step.

    Raises:
        UsageError: a photo is gone since it was inspected.
    """
    with tqdm(total=total, initial=done, desc=title, unit="step", leave=False) as bar:
        for step in range(done, total):
            try:
                batch = next(batches)
            except (tf.errors.InvalidArgumentError, tf.errors.NotFoundError) as error:
                raise unreadable_photo(error) from error
            yield step, batch
            bar.update()
            checkpoint.save_in_time(step + 1)
