"""Photos that cannot be used: why, in one sentence, and the list of them."""

from __future__ import annotations

import csv
import os
import re
import stat
from collections.abc import Iterable

import tensorflow as tf

MAX_FILE_BYTES = 2**30  # no photo within the pixel limit is larger; read_file would load whatever it is

MORE_FORMATS: tuple[str, ...] = ()  # what tensorflow-io decodes: see `more_formats`
_OTHER_FORMATS = (  # offset, first bytes, name
    (8, b"WEBP", "WebP"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (4, b"ftypavif", "AVIF"),
    (4, b"ftypavis", "AVIF"),
    (4, b"ftypheic", "HEIC"),
    (4, b"ftypmif1", "HEIF"),
)
_DAMAGED = (
    ("jpeg", "the JPEG data is damaged or truncated"),
    ("png", "the PNG data is damaged or truncated"),
    ("gif", "the GIF data is damaged or truncated"),
    ("bmp", "the BMP data is damaged or truncated"),
)


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


def format_of_others(path: str) -> str | None:
    """Return the name of a photo format that needs more than TensorFlow's core, by a file's first bytes."""
    with open(path, "rb") as photo:
        head = photo.read(16)
    for offset, magic, name in _OTHER_FORMATS:
        if head[offset:].startswith(magic):
            return name
    return None


def needs_more_formats(path: str) -> bool:
    """Return whether a file is in a format that `more_formats` decodes and TensorFlow's core does not."""
    try:
        return format_of_others(path) in MORE_FORMATS
    except OSError:
        return False


def reason_of(error: tf.errors.OpError) -> str:
    """Make one sentence of what a decoding op raised: the check's own text, or the format that is damaged."""
    check = re.search(r"assertion failed: \[(.*?)\]\s*\[\[", error.message, re.DOTALL)
    if check:
        return " ".join(check.group(1).split())
    node = re.search(r"\[\[.*?(Decode|Extract)(\w+)", error.message, re.DOTALL)
    named = f"{node.group(2) if node else ''} {error.message.splitlines()[-1]}".lower()
    for word, reason in _DAMAGED:
        if word in named:
            return reason
    return "the photo cannot be decoded: " + " ".join(error.message.split())[:160]


def write_quarantine(path: str, refused: Iterable[tuple[str, str]]) -> None:
    """Write the list of refused photos, aside and then renamed, so that a list is always whole.

    Args:
        path: the CSV file, with columns path and reason; it is there even when no photo is refused.
        refused: pairs of path and reason.

    Raises:
        OSError: the file cannot be written.
    """
    aside = f"{path}.{os.getpid()}.part"
    with open(aside, "w", encoding="utf-8", errors="surrogateescape", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["path", "reason"])
        rows.writerows(refused)
    os.replace(aside, path)
