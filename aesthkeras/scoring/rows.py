"""One row of the output: what is known of one photo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Row(NamedTuple):
    """One file of the input: its score, or why it has none.

    Attributes:
        path: the file as it was named.
        score: probability in [0, 1] of the class that the scorer calls positive; None with an error.
        rating: on the scale of the ratings that trained the scorer; None for one that learned from classes.
        faults: what seems wrong, in words, with probabilities, likeliest first; what rules say, which has a
            probability of 1, is all there is for a scorer that knows no degradations.
        error: why the photo could not be read, in one sentence; empty where it could.
        shape: height and width of the resized photo in pixels; zeros with an error.
        thumbnail: a small JPEG of the photo; empty unless a gallery is made.
        heat: a PNG of the heat map; empty unless a gallery is made.
        width: of the photo in its file, in pixels; 0 where unknown.
        height: likewise.
        taken: when it was taken, in ISO 8601; empty where unknown.
        group: names the burst that it belongs to; empty for none.
        best_of_group: whether it is the best of that burst.
        camera: make and model; empty where unknown.
        read_as: what was scored where it is not the whole photo itself; empty where it is.
        perceptual: hash of what it shows, as `perceptual_hashes` makes it; 0 with an error.
    """

    path: str
    score: float | None = None
    rating: float | None = None
    faults: Mapping[str, float] = {}
    error: str = ""
    shape: tuple[int, int] = (0, 0)
    thumbnail: bytes = b""
    heat: bytes = b""
    width: int = 0
    height: int = 0
    taken: str = ""
    group: str = ""
    best_of_group: bool = False
    camera: str = ""
    read_as: str = ""
    perceptual: int = 0
