"""Photos of one scene: near-duplicates, and what one camera took within seconds of each other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aesthkeras.culling.near_pairs import connected, near_pairs
from aesthkeras.culling.perceptual import NEAR_BITS, differing_bits

BURST_SECONDS = 10.0
BURST_BITS = 16
_MOST_OF_A_BURST = 200  # photos after one that are compared with it


def scenes(hashes: np.ndarray, seconds: np.ndarray, cameras: np.ndarray) -> np.ndarray:
    """Return which scene each photo is of.

    Two photos are of one scene if their hashes differ in at most 4 bits; or in at most 16 bits, where the
    same camera took them within 10 seconds. What such pairs chain together is one scene. A photo of one
    colour, whose hash is 0, and two cameras' photos of one moment are joined by nothing.

    Args:
        hashes: as `perceptual_hashes` makes them, uint64 [photos].
        seconds: when they were taken, float64 [photos]; NaN where unknown.
        cameras: a number for each camera, int [photos].

    Returns:
        int [photos]: equal for photos of one scene; a number of its own for a photo alone.
    """
    distinct, place_of = np.unique(hashes, return_inverse=True)
    first = np.full(len(distinct), -1)
    first[place_of[::-1]] = np.arange(len(hashes))[::-1]

    def pairs() -> Iterator[np.ndarray]:
        is_seen = hashes != 0
        yield np.stack([np.arange(len(hashes)), first[place_of]], axis=1)[is_seen]
        for some in near_pairs(distinct, NEAR_BITS):
            yield first[some[(distinct[some] != 0).all(axis=1)]]
        yield from _burst_pairs(hashes, seconds, cameras)

    return connected(pairs(), len(hashes))


def best_of(scene: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the photo with the highest score of each photo's scene, int [photos]; of equals the first.

    Args:
        scene: as `scenes` returns it.
        scores: float [photos].
    """
    order = np.lexsort((np.arange(len(scene)), -scores, scene))
    is_first = np.diff(scene[order], prepend=-1) != 0
    best = np.empty(len(scene), np.int64)
    best[order] = order[is_first][np.cumsum(is_first) - 1]
    return best


def _burst_pairs(hashes: np.ndarray, seconds: np.ndarray, cameras: np.ndarray) -> Iterator[np.ndarray]:
    """Pairs of one camera, near in time and fairly near in what they show, int [pairs, 2]."""
    known = np.flatnonzero(~np.isnan(seconds) & (hashes != 0))
    order = known[np.lexsort((seconds[known], cameras[known]))]
    for ahead in range(1, _MOST_OF_A_BURST):
        one, other = order[:-ahead], order[ahead:]
        is_near = (cameras[one] == cameras[other]) & (seconds[other] - seconds[one] <= BURST_SECONDS)
        if not is_near.any():
            return
        one, other = one[is_near], other[is_near]
        is_alike = differing_bits(hashes[one], hashes[other]) <= BURST_BITS
        yield np.stack([one[is_alike], other[is_alike]], axis=1)
