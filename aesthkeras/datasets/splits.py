"""Which photo trains and which tests: drawn from a seed and the photo's key, never from the order of files.

A key is the photo's group where it has one and its id otherwise, so a group is never divided. Draws come from
the SHA-256 of seed, purpose and key: it is the same on every machine and in every version of Python.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from collections.abc import Sequence


def chance(seed: int, purpose: str, key: str) -> float:
    """Returns a number in [0, 1) that looks random and depends on nothing but the arguments.

    Args:
        seed: any whole number.
        purpose: what is drawn; two purposes of one seed are independent draws.
        key: a photo's id or its group.
    """
    digest = hashlib.sha256(f"{seed}\n{purpose}\n{key}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2.0**48  # 48 bits: exact in a float, never rounds up to 1


def random_split(seed: int, key: str, test_share: float, validation_share: float) -> str:
    """Returns `test`, `validation` or `train`, with these chances, whatever other photos there are.

    A share is met on average over keys, not exactly. In return, all photos stay where they are when others
    come or go, and a photo that validates at one `validation_share` still does at a larger one.
    """
    if chance(seed, "test", key) < test_share:
        return "test"
    rest = 1.0 - test_share
    return "validation" if chance(seed, "validation", key) * rest < validation_share else "train"


def equal_folds(keys: Sequence[str], folds: int, seed: int, strata: Sequence[str] | None = None) -> list[int]:
    """Draws folds as equal in size as the groups allow; without groups they differ by one photo at most.

    The folds depend on which photos there are, because their sizes are equal, but not on the order of the
    photos. Each key goes to the smallest fold so far: the largest groups first, groups of one size stratum by
    stratum, and within a stratum in random order. So keys that occur once are dealt out like cards, and each
    stratum is divided evenly to within one photo.

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
