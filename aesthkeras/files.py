"""Files that are whole or not there: written aside, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


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
