"""Files on this machine and on stores that `tf.io.gfile` knows (`s3://`, `gs://`), behind one set of names.

Paths on this machine go through Python's own calls, so that they load neither TensorFlow nor a cloud package.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from aesthkeras.errors import UsageError
from aesthkeras.files import replace_file

ASIDE = ".part"  # what a file is called until it is whole


def is_remote(path: str) -> bool:
    """Whether a path names a store rather than a file on this machine."""
    return "://" in path


def connect(path: str, flag: str) -> None:
    """Load what TensorFlow needs to reach `path`; nothing for a path on this machine.

    Raises:
        UsageError: no file system is known for the path's scheme; the message names `flag`.
    """
    if not is_remote(path):
        return
    scheme = path.partition("://")[0]
    if scheme not in _gfile().get_registered_schemes():
        import tensorflow_io  # noqa: F401  its import registers s3, http, hdfs and others
    if scheme not in _gfile().get_registered_schemes():
        known = ", ".join(f"{name}://" for name in sorted(_gfile().get_registered_schemes()) if name)
        raise UsageError(f"--{flag}={path}: no such kind of store; expected a local folder or one of {known}")


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
