from __future__ import annotations

import numpy as np

from aesthkeras.preparation.duplicates import duplicate_groups


def test_groups_name_kind_members_and_leak():
    content = np.array([[1, 1], [2, 2], [1, 1], [1, 2], [4, 4], [5, 5], [5, 5]], np.uint64)
    perceptual = np.array([0b1111, 0xFF << 40, 0b1111, 0b1101, 0xFF << 20, 0b1, 0b1], np.uint64) << np.uint64(
        1
    )
    splits = np.array([0, 0, 0, 1, 0, 0, 1])
    groups = duplicate_groups(content, perceptual, splits, near_bits=2)
    assert groups == [
        ("exact", (5, 6), True),
        ("near", (0, 2, 3, 5, 6), True),
        ("exact", (0, 2), False),
    ]
    assert duplicate_groups(content, perceptual, np.zeros(7, int), near_bits=0) == [
        ("exact", (0, 2), False),
        ("exact", (5, 6), False),
    ]


def test_no_photo_and_one_photo_have_no_groups():
    for count in (0, 1):
        nothing = duplicate_groups(
            np.zeros((count, 4), np.uint64), np.zeros(count, np.uint64), np.zeros(count), 4
        )
        assert nothing == []
