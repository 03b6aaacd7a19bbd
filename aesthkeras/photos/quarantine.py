"""Photos that cannot be used: why, in one sentence, and the list of them."""

from __future__ import annotations

import csv
import io
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path

import tensorflow as tf

from aesthkeras.files import replace_file

MAX_FILE_BYTES = 2**30  # no photo within the pixel limit is larger; read_file would load whatever it is

_FORMAT_OF_OP = {  # whose failure means damaged data of which format
    "jpeg": "JPEG",
    "png": "PNG",
    "image": "GIF",
    "bmp": "BMP",
    "webp": "WebP",
    "tiff": "TIFF",
    "avif": "AVIF",
}


def file_size(path: str) -> int:
    """Return the size of a regular file in bytes, or -1 for what cannot be read as one."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):  # ValueError: a NUL in a list file
        return -1
    return status.st_size if stat.S_ISREG(status.st_mode) else -1


def unreadable_reason(path: str) -> str | None:
    """Return why a file cannot be read as a photo of any format, in one sentence, or None where it can."""
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            return "a folder, not a file"
        if not stat.S_ISREG(status.st_mode):
            return "a pipe, socket or device, not a file"
        if status.st_size == 0:
            return "the file is empty"
        if status.st_size > MAX_FILE_BYTES:
            return f"the file has {status.st_size} bytes, more than the limit of {MAX_FILE_BYTES}"
        with open(path, "rb") as photo:
            photo.read(1)
    except FileNotFoundError:
        return "a link to nothing" if os.path.islink(path) else "no such file"
    except (OSError, ValueError) as error:
        return f"cannot be read: {getattr(error, 'strerror', None) or error}"
    return None


def reason_of(error: tf.errors.OpError) -> str:
    """Make one sentence of what a decoding op raised: the check's own text, or the format that is damaged."""
    check = re.search(r"assertion failed: \[(.*?)\]\s*\[\[", error.message, re.DOTALL)
    if check:
        return " ".join(check.group(1).split())
    node = re.search(
        r"\{\{node [^}]*(?:decode|extract)_?(jpeg|png|image|bmp|webp|tiff|avif)", error.message, re.I
    )
    if node:
        return f"the {_FORMAT_OF_OP[node.group(1).lower()]} data is damaged or truncated"
    # a reading op's own words, without the node that said them
    words = re.sub(r"\{\{.*?\}\}|\[\[.*?\]\]|\[Op:.*", "", error.message.splitlines()[0], flags=re.DOTALL)
    return "the photo cannot be read: " + " ".join(words.split())[:500]


def write_quarantine(path: str, refused: Iterable[tuple[str, str]]) -> None:
    """Write the list of refused photos, aside and then renamed, so that a list is always whole.

    Args:
        path: the CSV file, with columns path and reason; it is there even when no photo is refused.
        refused: pairs of path and reason.

    Raises:
        OSError: the file cannot be written.
    """
    out = io.StringIO(newline="")
    rows = csv.writer(out)
    rows.writerow(["path", "reason"])
    rows.writerows(refused)
    replace_file(Path(path), out.getvalue().encode("utf-8", "surrogateescape"))
