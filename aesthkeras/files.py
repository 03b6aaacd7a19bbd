"""Files that are whole or not there, folders with a lock, names as text, files that come with the package."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

PLACES = (Path(__file__).parent, Path(__file__).parents[1])
"""Where things lie that come with the package: inside it once it is installed, beside it in a clone."""


def replace_file(path: Path, content: bytes) -> None:
    """Writes `content` to `path` so that a kill or a full disk leaves the old file or the new one.

    Raises:
        OSError: it could not be written; what was there before is unchanged.
    """
    replace_file_by_parts(path, [content])


def replace_file_by_parts(path: Path, parts: Iterable[bytes]) -> None:
    """`replace_file` for what is too long to be in memory at once.

    Raises:
        OSError: it could not be written; what was there before is unchanged.
    """
    # always the same name, so that the next attempt overwrites what a killed one has left
    aside = path.with_name(f".{path.name}.aside")
    try:
        with open(aside, "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def lock_folder(folder: Path, seconds: float = 0.0) -> TextIO | None:
    """Takes the lock of a folder; the kernel drops it with the process, or when the file is closed.

    Args:
        folder: an existing folder.
        seconds: how long to wait for another process.

    Returns:
        The open lock file; None where the file system has no locks, as with Lustre and some NFS, whichever
        error it gives for that.

    Raises:
        BlockingIOError: another process has the lock.
        OSError: the lock file cannot be written.
    """
    lock = open(folder / ".lock", "w")  # noqa: SIM115
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() >= deadline:
                lock.close()
                raise
            time.sleep(0.1)
        except OSError:
            lock.close()
            return None


def has_record_locks(path: Path) -> bool:
    """Whether a file, made where it is missing, can be locked as SQLite does it, by another process perhaps.

    Raises:
        OSError: the file cannot be written.
    """
    with open(path, "ab") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
    return True


def printable(name: str) -> str:
    r"""`name` as text that any file can hold: bytes of a file name that are no UTF-8 become `\xe9`."""
    return name if name.isascii() else os.fsencode(name).decode("utf-8", "backslashreplace")


def folder_name(path: str | os.PathLike[str]) -> str:
    """The name of the folder that a path leads to, `printable`; that of the working folder for `.`."""
    return printable(os.path.basename(os.path.realpath(path)))


def shipped(path: str) -> Path | None:
    """A file or folder that comes with the package, such as `flags/probe.cfg` or `savedmodels/quality`.

    An installed package has them inside, a clone has them beside the package.

    Args:
        path: relative, without `..`.

    Returns:
        Where it is; None if nothing of that name comes with the package.
    """
    if not path or os.path.isabs(path) or os.pardir in Path(path).parts:
        return None
    return next((place / path for place in PLACES if (place / path).exists()), None)
