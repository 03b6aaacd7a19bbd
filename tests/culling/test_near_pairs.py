from __future__ import annotations

import numpy as np
import pytest

from aesthkeras.culling.near_pairs import connected, near_pairs
from aesthkeras.culling.perceptual import differing_bits


def close_hashes(count: int, seed: int) -> np.ndarray:
    """Distinct hashes, most of which have others at every distance from 1 to 10 bits."""
    chance = np.random.default_rng(seed)
    centres = chance.integers(0, 2**64, count // 10, np.uint64)
    found = list(centres)
    for centre in centres:
        for flips in range(1, 10):
            bits = chance.choice(64, flips, replace=False)
            found.append(centre ^ np.uint64(sum(1 << int(bit) for bit in bits)))
    return np.unique(np.array(found, np.uint64))


@pytest.mark.parametrize("most_bits", [0, 1, 4, 6, 8])
@pytest.mark.parametrize("few_bits", [False, True])
def test_near_pairs_are_those_of_brute_force(most_bits, few_bits):
    hashes = close_hashes(400, most_bits)
    if few_bits:  # all in a few buckets, where most pairs are near
        hashes = np.unique(hashes & np.uint64(0x3FF))
    first, second = np.triu_indices(len(hashes), 1)
    near = differing_bits(hashes[first], hashes[second]) <= most_bits
    expected = set(zip(first[near].tolist(), second[near].tolist()))
    assert most_bits == 0 or len(expected) > 30
    found = {tuple(sorted(pair)) for some in near_pairs(hashes, most_bits) for pair in some.tolist()}
    assert found == expected


def test_components_join_what_pairs_chain_together():
    pairs = [np.array([[0, 3], [5, 4]]), np.zeros((0, 2), int), np.array([[4, 3], [1, 7]])]
    component = connected(iter(pairs), 8)
    expected = [{0, 3, 4, 5}, {1, 7}, {2}, {6}]
    assert [set(np.flatnonzero(component == number)) for number in range(4)] == expected
