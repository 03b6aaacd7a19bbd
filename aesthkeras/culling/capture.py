"""When a photo was taken and with which camera, as its EXIF data says."""

from __future__ import annotations

import contextlib
import math
import re
import struct
from datetime import datetime, timezone
from typing import NamedTuple

from PIL import Image

from aesthkeras.culling.metadata_blocks import metadata_blocks

_MAKE, _MODEL, _EXIF_DIRECTORY = 0x010F, 0x0110, 0x8769
_TIMES = ((0x9003, 0x9291), (0x9004, 0x9292))  # taken, and digitized, each with its fraction of a second
_TIME = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)")
# of damaged data Pillow's parser raises errors of nearly every kind
_DAMAGED = (OSError, SyntaxError, ValueError, LookupError, TypeError, AttributeError, struct.error)


class Capture(NamedTuple):
    """Of one photo.

    Attributes:
        taken: `2026-05-01T12:30:59.25`, in the camera's own time; empty where unknown.
        camera: make and model; empty where unknown.
    """

    taken: str = ""
    camera: str = ""


def capture_of(path: str) -> Capture:
    """Read when and with what the photo at a path was taken; nothing where its file does not say."""
    exif = Image.Exif()
    with contextlib.suppress(*_DAMAGED):
        exif.load(metadata_blocks(path).exif)
        tags = exif.get_ifd(_EXIF_DIRECTORY)
        taken = next(filter(None, (_iso(tags.get(time), tags.get(part)) for time, part in _TIMES)), "")
        named = (" ".join(str(exif.get(tag, "")).replace("\0", " ").split()) for tag in (_MAKE, _MODEL))
        return Capture(taken, " ".join(filter(None, named)))
    return Capture()


def seconds_of(taken: str) -> float:
    """Return the seconds of a `Capture.taken` on a clock of one zone; NaN for an empty one."""
    if not taken:
        return math.nan
    whole, _, part = taken.partition(".")
    moment = datetime.fromisoformat(whole).replace(tzinfo=timezone.utc)
    return moment.timestamp() + float(f"0.{part or 0}")


def _iso(time: object, part: object) -> str:
    """Both as ISO 8601 writes them; empty for no time that there is, such as one of zeros."""
    found = _TIME.match(str(time))
    if not found:
        return ""
    year, month, day, clock = found.groups()
    digits = re.match(r"\d{1,6}", str(part).strip()) if part is not None else None
    text = f"{year}-{month}-{day}T{clock}"
    with contextlib.suppress(ValueError):
        datetime.fromisoformat(text)
        return f"{text}.{digits[0]}" if digits else text
    return ""
