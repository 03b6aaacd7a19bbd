"""One set of functions for files on this machine and on stores (`s3://`, `gs://`).

Paths on this machine go through Python's own calls, so that they load neither TensorFlow nor a cloud package.
Stores that TensorFlow reaches, with tensorflow-io where it is installed, go through `tf.io.gfile`, and all
others through fsspec.
"""

from __future__ import annotations

import errno
import importlib.util
import io
import os
import shutil
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from aesthkeras.errors import UsageError
from aesthkeras.files import replace_file
from aesthkeras.fsspec_store import fsspec_files, why_out_of_reach

ASIDE = ".part"  # what a file is called until it is whole
_PART = 1 << 22  # bytes that are copied at once


def is_remote(path: str) -> bool:
    """Whether a path names a store rather than a file on this machine."""
    return "://" in path


def connect(path: str, argument: str) -> None:
    """Load what is needed to reach `path`; nothing for a path on this machine.

    Raises:
        UsageError: no file system is known for the path's scheme; the message names `argument`.
    """
    if tensorflow_opens(path):
        return
    reason = why_out_of_reach(path)
    if reason.startswith("no such"):
        known = ", ".join(f"{name}://" for name in sorted(_schemes()) if name)
        reason += f"; expected a local folder or one of {known}"
    if reason:
        raise UsageError(f"{argument}={path}: {reason}")


def tensorflow_opens(path: str) -> bool:
    """Whether TensorFlow's own ops open a path; a path that they do not is read through Python."""
    return not is_remote(path) or _tensorflow_knows(path.partition("://")[0])


def make_folder(path: str) -> None:
    """Make a folder and its parents where they are missing.

    Raises:
        OSError: it cannot be made, or a file has its name.
        tf.errors.OpError: the same, said by a store.
    """
    if is_remote(path):
        _gfile(path).makedirs(path)
    else:
        os.makedirs(path, exist_ok=True)


def file_bytes(path: str) -> int:
    """Return the size of a file in bytes, -1 where there is none."""
    if not is_remote(path):
        return os.path.getsize(path) if os.path.isfile(path) else -1
    if not _gfile(path).exists(path) or _gfile(path).isdir(path):
        return -1
    return int(_gfile(path).stat(path).length)


def is_folder(path: str) -> bool:
    """Whether a path is a folder."""
    return bool(_gfile(path).isdir(path)) if is_remote(path) else os.path.isdir(path)


def exists(path: str) -> bool:
    """Whether a path is a file or a folder."""
    return bool(_gfile(path).exists(path)) if is_remote(path) else os.path.exists(path)


def walk(folder: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Folder, names of its folders and names of its files, for `folder` and all below it, on a store."""
    for place, folders, files in _gfile(folder).walk(folder):
        yield place.rstrip("/"), [name.rstrip("/") for name in folders], files


def read_text(path: str) -> TextIO:
    """Open a UTF-8 text file; a byte order mark is skipped, and what is no UTF-8 becomes lone surrogates.

    Raises:
        OSError: it cannot be read, here or on a store.
    """
    if not is_remote(path):
        return open(path, encoding="utf-8-sig", errors="surrogateescape", newline=None)
    if file_bytes(path) < 0:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    content = io.BytesIO(read_whole(path))
    return io.TextIOWrapper(content, encoding="utf-8-sig", errors="surrogateescape", newline=None)


def read_whole(path: str) -> bytes:
    """Return what a file holds.

    Raises:
        OSError: it cannot be read.
        tf.errors.OpError: the same, said by a store.
    """
    with open_bytes(path) as file:
        return file.read()


def open_bytes(path: str) -> BinaryIO:
    """Open a file to read its bytes, as a context manager.

    Raises:
        OSError: it cannot be read.
        tf.errors.OpError: the same, said by a store.
    """
    opened: BinaryIO = _gfile(path).GFile(path, "rb") if is_remote(path) else open(path, "rb")  # noqa: SIM115
    return opened


def write_whole(path: str, content: bytes) -> None:
    """Write a file aside and rename it: it is whole or not there.

    Raises:
        OSError: it cannot be written.
        tf.errors.OpError: the same, said by a store.
    """
    if not is_remote(path):
        replace_file(Path(path), content)
        return
    with _gfile(path).GFile(path + ASIDE, "wb") as file:
        file.write(content)
    rename(path + ASIDE, path)


def upload(local: str, path: str) -> None:
    """Copy a file of this machine to a store.

    Raises:
        OSError: it cannot be written.
        tf.errors.OpError: the same, said by a store.
    """
    with open(local, "rb") as source, _gfile(path).GFile(path, "wb") as target:
        shutil.copyfileobj(source, target, _PART)


def rename(aside: str, path: str) -> None:
    """Give a whole file its name; what had that name is replaced."""
    if is_remote(path):
        _gfile(path).rename(aside, path, overwrite=True)
    else:
        os.replace(aside, path)


def remove(path: str) -> None:
    """Remove a file; nothing where there is none."""
    if exists(path):
        _gfile(path).remove(path) if is_remote(path) else os.remove(path)


def _gfile(path: str) -> Any:
    """`tf.io.gfile`, or for a store that it does not know what has its functions."""
    if not tensorflow_opens(path):
        return fsspec_files(path)
    import tensorflow as tf

    return tf.io.gfile


@lru_cache(maxsize=16)
def _tensorflow_knows(scheme: str) -> bool:
    if scheme not in _schemes() and importlib.util.find_spec("tensorflow_io"):
        import tensorflow_io  # noqa: F401  its import registers s3, http, hdfs and others
    return scheme in _schemes()


def _schemes() -> list[str]:
    import tensorflow as tf

    known: list[str] = tf.io.gfile.get_registered_schemes()
    return known
