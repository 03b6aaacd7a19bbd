"""A probe's training inside one part, kept every few minutes: on AVA a part takes hours."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from aesthkeras.files import replace_file


class Resumable(Protocol):
    """What is trained: `sgd.ProbeBank`, `head_training.HeadTraining`."""

    def state(self) -> dict[str, np.ndarray]:
        """All that further training hangs on."""
        ...

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Takes up the training where `state` was called."""
        ...


class PartCheckpoint:
    """One file with the state of all banks of a part.

    The run folder takes one recipe, encoder and data set only, so whatever file is there belongs to the part.

    Args:
        path: the file, `.npz`.
        minutes: time between two checkpoints.
    """

    def __init__(self, path: Path, minutes: float) -> None:
        self.path = path
        self.seconds = 60 * minutes
        self.saved_at = time.monotonic()

    def restore(self, banks: Sequence[Resumable]) -> int:
        """Puts the banks back where they were; returns the steps done, 0 without a file that is whole."""
        try:
            with np.load(self.path) as stored:
                arrays = {name: stored[name] for name in stored.files}
            step = int(arrays.pop("step"))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return 0
        for number, bank in enumerate(banks):
            prefix = f"{number}/"
            bank.restore(
                {name[len(prefix) :]: array for name, array in arrays.items() if name.startswith(prefix)}
            )
        return step

    def save_in_time(self, step: int, banks: Sequence[Resumable]) -> None:
        """Writes the file, aside and renamed, when the time has come."""
        if time.monotonic() - self.saved_at < self.seconds:
            return
        arrays = {
            f"{number}/{name}": array
            for number, bank in enumerate(banks)
            for name, array in bank.state().items()
        }
        content = io.BytesIO()
        np.savez(content, step=np.array(step), **arrays)  # type: ignore[arg-type]
        replace_file(self.path, content.getvalue())
        self.saved_at = time.monotonic()

    def remove(self) -> None:
        """Deletes the file: the part is done."""
        self.path.unlink(missing_ok=True)
