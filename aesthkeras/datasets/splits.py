"""Which photo trains and which tests: drawn from a seed and the photo's key, never from the order of files.

A key is the photo's group where it has one and its id otherwise, so a group never straddles. SHA-256 of seed,
purpose and key stands in for chance: it is the same on every machine and in every Python.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from collections.abc import Sequence


def chance(seed: int, purpose: str, key: str) -> float:
    """A number in [0, 1) that looks drawn at random and depends on nothing but the arguments.

    Args:
        seed: any whole number.
        purpose: what is drawn; two purposes of one seed are independent draws.
        key: a photo's id or its group.
    """
    digest = hashlib.sha256(f"{seed}\n{purpose}\n{key}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2.0**48  # 48 bits: exact in a float, never rounds up to 1


def random_split(seed: int, key: str, test_share: float, validation_share: float) -> str:
    """`test`, `validation` or `train`, with these chances; no other photo has a say in it.

    A share is met on average over keys, not exactly: photos may come and go and all others stay where they
    were, and a photo that validates at one `validation_share` still does at a larger one.
    """
    if chance(seed, "test", key) < test_share:
        return "test"
    rest = 1.0 - test_share
    return "validation" if chance(seed, "validation", key) * rest < validation_share else "train"


def equal_folds(keys: Sequence[str], folds: int, seed: int, strata: Sequence[str] | None = None) -> list[int]:
    """Folds as equal in size as the groups allow; without groups they differ by one photo at most.

    Which photos there are has a say in it (equal sizes cannot be had otherwise), their order has none. Keys
    go to the smallest fold so far: the largest group first, those of one size stratum by stratum and within
    a stratum by chance. Keys that occur once are so dealt out like cards, and every stratum too is split
    evenly to within one photo.

    Args:
        keys: one per photo; photos with the same key share a fold.
        folds: how many.
        seed: decides the folds.
        strata: one per photo; that of a group is the smallest of its photos'. None is one stratum for all.

    Returns:
        A fold from 0 to `folds` - 1 for each photo.
    """
    sizes = Counter(keys)
    stratum: dict[str, str] = {}
    for key, name in zip(keys, strata or ()):
        stratum[key] = min(name, stratum.get(key, name))
    purpose = f"equal folds of {folds}"

    def rank(key: str) -> tuple[int, str, float, str]:
        return -sizes[key], stratum.get(key, ""), chance(seed, purpose, key), key

    order = sorted(sizes, key=rank)
    smallest = [(0, fold) for fold in range(folds)]
    fold_of = {}
    for key in order:
        size, fold = smallest[0]
        fold_of[key] = fold
        heapq.heapreplace(smallest, (size + sizes[key], fold))
    return [fold_of[key] for key in keys]
