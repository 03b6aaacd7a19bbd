"""Photos that occur more than once: the same file, or the same picture in another size or encoding."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from aesthkeras.culling.near_pairs import connected, near_pairs


class DuplicateGroup(NamedTuple):
    """Photos that are copies of each other.

    Attributes:
        kind: `exact` for files with the same bytes, `near` for pictures that look the same.
        members: indices of the photos, ascending.
        is_leak: whether they lie in more than one split.
    """

    kind: str
    members: tuple[int, ...]
    is_leak: bool


def duplicate_groups(
    content: np.ndarray, perceptual: np.ndarray, splits: np.ndarray, near_bits: int
) -> list[DuplicateGroup]:
    """Return all groups of exact and of near duplicates, leaks first, then exact before near.

    Pairs whose hashes differ in at most `near_bits` bits connect the photos of a near group, so two of its
    photos may differ in more bits. It holds at least two different files. A photo may be in one group of each
    kind.

    Args:
        content: digest of each file, uint64 [photos, words].
        perceptual: hash of each picture, uint64 [photos].
        splits: number of each photo's split, int [photos].
        near_bits: 0 or more.
    """
    files = _numbered(content)
    hashes, pictures = np.unique(perceptual, return_inverse=True)
    joined = connected(near_pairs(hashes, near_bits), len(hashes))[pictures]
    groups = [DuplicateGroup("exact", *group) for group in _groups(files, splits)]
    for members, is_leak in _groups(joined, splits):
        if len(set(files[list(members)])) > 1:
            groups.append(DuplicateGroup("near", members, is_leak))
    return sorted(groups, key=lambda group: (not group.is_leak, group.kind, group.members))


def _numbered(rows: np.ndarray) -> np.ndarray:
    """The same number for equal rows, int [rows]."""
    order = np.lexsort(rows.T)
    is_new = np.append(True, (rows[order[1:]] != rows[order[:-1]]).any(axis=1))[: len(rows)]
    numbers = np.empty(len(rows), np.int64)
    numbers[order] = np.cumsum(is_new)
    return numbers


def _groups(component: np.ndarray, splits: np.ndarray) -> Iterator[tuple[tuple[int, ...], bool]]:
    """Members and whether they lie in several splits, of each component of two or more."""
    order = np.argsort(component, kind="stable")
    starts = np.flatnonzero(np.diff(component[order], prepend=-1))
    ends = np.append(starts[1:], len(order))
    for start, end in zip(starts[ends - starts > 1], ends[ends - starts > 1]):
        members = order[start:end]
        yield tuple(int(member) for member in members), len(set(splits[members])) > 1
