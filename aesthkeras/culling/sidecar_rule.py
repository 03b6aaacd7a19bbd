"""What a person decides about XMP sidecars: where they are, and how many stars a score is worth."""

from __future__ import annotations

import re
from dataclasses import dataclass

CONVENTIONS = ("darktable", "lightroom")  # photo.jpg.xmp, and photo.xmp
_BOUND = re.compile(r"([0-9.]+)(%?)")


@dataclass(frozen=True)
class SidecarRule:
    """Which sidecars are written, and from which scores on a photo has 2, 3, 4 and 5 stars.

    Attributes:
        convention: `darktable` (photo.jpg.xmp) or `lightroom` (photo.xmp).
        bounds: four, ascending.
        are_shares: whether the bounds are percentages of the photos, or scores.
    """

    convention: str
    bounds: tuple[float, ...]
    are_shares: bool


def star_bounds(text: str) -> tuple[tuple[float, ...], bool] | None:
    """Return the bounds in `10%,35%,65%,90%` or `0.2,0.4,0.6,0.8`, and whether they are percentages.

    Returns:
        None where it is something else, or they do not ascend from 0 to 100% or to 1.
    """
    parts = [_BOUND.fullmatch(part.strip()) for part in text.split(",")]
    try:
        numbers = [float(part[1]) for part in parts if part]
    except ValueError:
        return None
    signs = {part[2] for part in parts if part}
    if len(numbers) != 4 or len(parts) != 4 or len(signs) != 1:
        return None
    are_shares = signs == {"%"}
    is_ascending = all(low < high for low, high in zip(numbers, numbers[1:]))
    fits = numbers[-1] <= (100 if are_shares else 1)
    return (tuple(numbers), are_shares) if is_ascending and fits else None
