"""One set of functions for files on this machine and on stores that `tf.io.gfile` knows (`s3://`, `gs://`).

Paths on this machine go through Python's own calls, so that they load neither TensorFlow nor a cloud package.
"""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from aesthkeras.errors import UsageError
from aesthkeras.files import replace_file

ASIDE = ".part"  # what a file is called until it is whole


def is_remote(path: str) -> bool:
    """Whether a path names a store rather than a file on this machine."""
    return "://" in path


def connect(path: str, argument: str) -> None:
    """Load what TensorFlow needs to reach `path`; nothing for a path on this machine.

    Raises:
        UsageError: no file system is known for the path's scheme; the message names `argument`.
    """
    if not is_remote(path):
        return
    scheme = path.partition("://")[0]
    if scheme not in _gfile().get_registered_schemes():
        import tensorflow_io  # noqa: F401  its import registers s3, http, hdfs and others
    if scheme not in _gfile().get_registered_schemes():
        known = ", ".join(f"{name}://" for name in sorted(_gfile().get_registered_schemes()) if name)
        raise UsageError(
            f"{argument}={path}: no such kind of store; expected a local folder or one of {known}"
        )


def make_folder(path: str) -> None:
    """Make a folder and its parents where they are missing.

    Raises:
        OSError: it cannot be made, or a file has its name.
        tf.errors.OpError: the same, said by a store.
    """
    if is_remote(path):
        _gfile().makedirs(path)
    else:
        os.makedirs(path, exist_ok=True)


def file_bytes(path: str) -> int:
    """Return the size of a file in bytes, -1 where there is none."""
    if not is_remote(path):
        return os.path.getsize(path) if os.path.isfile(path) else -1
    if not _gfile().exists(path) or _gfile().isdir(path):
        return -1
    return int(_gfile().stat(path).length)


def is_folder(path: str) -> bool:
    """Whether a path is a folder."""
    return bool(_gfile().isdir(path)) if is_remote(path) else os.path.isdir(path)


def exists(path: str) -> bool:
    """Whether a path is a file or a folder."""
    return bool(_gfile().exists(path)) if is_remote(path) else os.path.exists(path)


def walk(folder: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """Folder, names of its folders and names of its files, for `folder` and all below it, on a store."""
    for place, folders, files in _gfile().walk(folder):
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
    with _gfile().GFile(path, "rb") if is_remote(path) else open(path, "rb") as file:
        content: bytes = file.read()
    return content


def write_whole(path: str, content: bytes) -> None:
    """Write a file aside and rename it: it is whole or not there.

    Raises:
        OSError: it cannot be written.
        tf.errors.OpError: the same, said by a store.
    """
    if not is_remote(path):
        replace_file(Path(path), content)
        return
    with _gfile().GFile(path + ASIDE, "wb") as file:
        file.write(content)
    rename(path + ASIDE, path)


def rename(aside: str, path: str) -> None:
    """Give a whole file its name; what had that name is replaced."""
    if is_remote(path):
        _gfile().rename(aside, path, overwrite=True)
    else:
        os.replace(aside, path)


def _gfile() -> Any:
    import tensorflow as tf

    return tf.io.gfile
