"""Devices that jobs run on: what a process sees of the machine, and how it ends with its parent."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence

from aesthkeras.errors import UsageError

VISIBLE = "CUDA_VISIBLE_DEVICES"
NO_GPU = "-1"
SET_PARENT_DEATH_SIGNAL = 1  # of Linux's prctl


def environment_of(device: str) -> dict[str, str]:
    """The environment of a process on `cpu` or `gpu:NUMBER`; empty for one that sees the whole machine."""
    if not device:
        return dict(os.environ)
    kind, _, number = device.partition(":")
    seen = NO_GPU if kind == "cpu" else _gpus()[int(number)]
    return {**os.environ, VISIBLE: seen}


def require_devices(devices: Sequence[str]) -> None:
    """Raises `UsageError` for a GPU that is not there: TensorFlow would silently take the CPU."""
    found = _gpus() if any(device.startswith("gpu") for device in devices) else []
    for device in devices:
        if device.startswith("gpu") and int(device.partition(":")[2]) >= len(found):
            raise UsageError(f"devices={device}: expected a GPU that is there; {len(found)} can be used")


def _gpus() -> list[str]:
    """What `CUDA_VISIBLE_DEVICES` calls each GPU: as the environment says, else numbers as the driver has."""
    if VISIBLE in os.environ:
        names = [name.strip() for name in os.environ[VISIBLE].split(",")]
        return [name for name in names if name and name != NO_GPU]
    tool = shutil.which("nvidia-smi")
    if not tool:
        return []
    listing = subprocess.run([tool, "-L"], capture_output=True, text=True, check=False).stdout
    return [str(number) for number, _ in enumerate(filter(_is_gpu, listing.splitlines()))]


def _is_gpu(line: str) -> bool:
    return line.startswith("GPU ")


def end_with_parent() -> None:
    """Runs in a new process, which otherwise would go on training after its parent was killed.

    macOS has no such call: there a process ends with Ctrl-C, but outlives a parent that was killed.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "prctl"):
        library.prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
