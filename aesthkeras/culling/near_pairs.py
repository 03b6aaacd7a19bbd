"""Hashes that differ in few bits, found without comparing all with all, and what pairs chain together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from aesthkeras.culling.perceptual import differing_bits

PAIRS_AT_ONCE = 1 << 20
_KEY_BITS = 20  # bits by which photos are sorted into buckets: a million photos, about one a bucket


def near_pairs(hashes: np.ndarray, most_bits: int) -> Iterator[np.ndarray]:
    """Yield the pairs of hashes that differ in at most `most_bits` bits, some of them more than once.

    The bits are cut into so many blocks that any such pair agrees in a few of them, whichever bits differ.
    For every choice of these few, hashes are sorted by the chosen blocks, and those that agree in them are
    compared (Manku, Jain and Das Sarma, Detecting near-duplicates for web crawling, 2007). Memory is a few
    arrays of the length of `hashes`.

    Args:
        hashes: distinct, uint64 [n].
        most_bits: 0 to 8.

    Yields:
        int64 [pairs, 2], indices into `hashes`.
    """
    agreeing = next(few for few in range(1, 65) if 64 * few >= _KEY_BITS * (most_bits + few))
    blocks = [_mask(bits) for bits in np.array_split(np.arange(64), most_bits + agreeing)]
    for chosen in combinations(blocks, agreeing):
        keys = hashes & np.uint64(sum(chosen))
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        left, ahead = np.arange(len(keys)), 1
        while True:
            left = left[: np.searchsorted(left, len(keys) - ahead)]
            left = left[keys[left] == keys[left + ahead]]
            if not len(left):
                break
            for some in np.array_split(left, -(-len(left) // PAIRS_AT_ONCE)):
                first, second = order[some], order[some + ahead]
                near = differing_bits(hashes[first], hashes[second]) <= most_bits
                yield np.stack([first[near], second[near]], axis=1)
            ahead += 1


def connected(pairs: Iterable[np.ndarray], count: int) -> np.ndarray:
    """Return the component that each of `count` nodes belongs to when `pairs` are edges, int [count]."""
    component = np.arange(count)
    for some in _gathered(pairs):
        ends = component[some]
        graph = coo_matrix((np.ones(len(ends), bool), (ends[:, 0], ends[:, 1])), shape=(count, count))
        component = connected_components(graph, directed=False)[1][component]
    return component


def _mask(bits: np.ndarray) -> int:
    return sum(1 << int(bit) for bit in bits)


def _gathered(pairs: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """The same pairs in fewer, larger arrays."""
    held: list[np.ndarray] = []
    for some in pairs:
        held.append(some)
        # empty arrays count as well, or a million of them would be held
        if sum(map(len, held)) >= PAIRS_AT_ONCE or len(held) >= 1000:
            yield np.concatenate(held)
            held = []
    if held:
        yield np.concatenate(held)
