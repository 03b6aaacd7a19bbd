"""Where the XMP sidecar of a photo is, and writing it."""

from __future__ import annotations

import os
from pathlib import Path

from aesthkeras.culling.metadata_blocks import metadata_blocks
from aesthkeras.culling.sidecar_rule import CONVENTIONS
from aesthkeras.culling.xmp import Judgement, stars_of_people, with_judgement
from aesthkeras.files import replace_file

MOST_BYTES = 2**25  # a sidecar with masks has a few megabytes


class SidecarError(Exception):
    """Why a sidecar is left as it is, in a few words."""


def sidecar_of(photo: str, convention: str) -> str:
    """Return the path of a photo's sidecar: `photo.jpg.xmp` for darktable, `photo.xmp` for Lightroom."""
    return f"{photo if convention == 'darktable' else os.path.splitext(photo)[0]}.xmp"


def write_judgement(sidecar: str, judgement: Judgement) -> bool:
    """Put a judgement into a sidecar, which is made where there is none; whether anything has changed.

    Raises:
        SidecarError: it holds something that cannot be parsed, or cannot be read or written.
    """
    try:
        before = _packet(sidecar)
        after = with_judgement(before, judgement)
        if after != before:
            replace_file(Path(sidecar), after)
        return after != before
    except (PermissionError, NotADirectoryError, IsADirectoryError) as error:
        raise SidecarError(f"{sidecar}: {error.strerror}") from error
    except ValueError as error:
        raise SidecarError(f"{sidecar}: {error}") from error


def stars_for(photo: str) -> int | None:
    """Return the stars that people gave a photo: 1 to 5, -1 for a rejected one, None for none.

    They are in a sidecar of either convention, or in the XMP packet inside the photo; the first that has some
    counts. What `write_judgement` wrote is no opinion of people.

    Raises:
        SidecarError: a packet cannot be read or parsed.
    """
    sidecars = [sidecar_of(photo, convention) for convention in CONVENTIONS]
    for path in (*sidecars, photo):
        try:
            packet = metadata_blocks(path).xmp if path == photo else _packet(path)
            stars = stars_of_people(packet) if packet else None
        except (OSError, ValueError) as error:
            raise SidecarError(f"{path}: {error}") from error
        if stars is not None:
            return stars
    return None


def _packet(sidecar: str) -> bytes:
    try:
        with open(sidecar, "rb") as file:
            packet = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return b""
    if len(packet) > MOST_BYTES:
        raise ValueError(f"has over {MOST_BYTES} bytes")
    return packet
