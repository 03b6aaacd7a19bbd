"""Whether a cache of pixels will fit, found out before the first photo is decoded."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image

from aesthkeras.errors import UsageError
from aesthkeras.machine import free_disk, free_memory

LOOKED_AT = 200  # headers of so many photos, spread over all, say how long their longer edges are
USUAL_ASPECT = 4 / 3  # where no header can be read


def shapes_of(paths: Sequence[str], indices: np.ndarray) -> list[tuple[int, int]]:
    """Return width and height of some of the photos, from the headers of their files.

    Args:
        paths: of all photos.
        indices: of those that are regular files, ascending.
    """
    shapes = []
    for index in indices[:: max(1, len(indices) // LOOKED_AT)]:
        try:
            with Image.open(paths[index]) as photo:
                shapes.append(photo.size)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            continue  # a broken file, which decoding will name
    return shapes


def require_room(
    cache: str, place: str | None, photos: int, edge: int, shapes: Iterable[tuple[int, int]]
) -> None:
    """Raise `UsageError` unless the resized photos will fit where they are to be kept.

    Args:
        cache: `memory` or `disk`.
        place: of the cache on disk, as `pixel_cache.cache_place` returns it.
        photos: how many.
        edge: their shorter edge after the resize.
        shapes: both edges, in any order, of all photos or of a sample.
    """
    aspects = [max(shape) / min(shape) for shape in shapes if min(shape) > 0]
    expected = int(3 * edge * edge * photos * (np.mean(aspects) if aspects else USUAL_ASPECT))
    if place is None:
        free, where = free_memory(), "in memory"
    else:
        free, where = free_disk(place), f"on the disk of {os.path.dirname(place)}"
        if os.path.exists(f"{place}.part"):
            free += os.path.getsize(f"{place}.part")  # a killed run's, which will be overwritten
    if free is not None and expected > free:
        raise UsageError(
            f"cache={cache}: expected room for the pixels of {photos} photos, about {_text(expected)}; "
            f"{_text(free)} are free {where}"
        )


def _text(octets: int) -> str:
    return f"{octets / 1e9:.1f} GB" if octets >= 1e8 else f"{octets / 1e6:.1f} MB"
