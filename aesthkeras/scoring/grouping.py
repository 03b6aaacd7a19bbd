"""Groups of one scene among the rows of an output, and the best of each."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aesthkeras.culling.bursts import best_of, scenes
from aesthkeras.culling.capture import seconds_of
from aesthkeras.scoring.store import ScoreStore


def group_rows(store: ScoreStore) -> None:
    """Find the scenes of all photos in a store, and record those of two photos or more.

    Groups are numbered from 1 in the order of their first photos. Some 60 bytes a photo are in memory, and
    what `near_pairs` holds.
    """
    numbers: dict[str, int] = {}

    def facts() -> Iterator[tuple[int, int, float, int, float]]:
        for place, perceptual, taken, camera, score in store.scenes():
            yield place, perceptual, seconds_of(taken), numbers.setdefault(camera, len(numbers)), score

    kinds = np.dtype("i8, u8, f8, i4, f8")
    found = np.fromiter(facts(), kinds)
    places, hashes, seconds, cameras, scores = (found[name] for name in kinds.names or ())
    scene = scenes(hashes, seconds, cameras)
    best = best_of(scene, scores)
    _, first, which, counts = np.unique(scene, return_index=True, return_inverse=True, return_counts=True)
    numbers_of = np.zeros(len(counts), np.int64)
    large = np.flatnonzero(counts > 1)
    numbers_of[large[np.argsort(first[large])]] = np.arange(1, len(large) + 1)
    number_of = numbers_of[which]
    store.put_in_groups(
        (int(places[row]), str(number_of[row]), bool(best[row] == row)) for row in np.flatnonzero(number_of)
    )
