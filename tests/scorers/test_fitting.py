"""Who trains and who validates."""

from __future__ import annotations

import numpy as np
import pytest

from aesthkeras.errors import UsageError
from aesthkeras.labelled.protocols import LabelledPhotos, Part
from aesthkeras.scorers.fitting import choose_members, equal_shares
from aesthkeras.scorers.settings import ScorerRecipe

RECIPE = ScorerRecipe(members=3, inner_folds=4)


def photos(labels: np.ndarray, splits: list[str] | None = None) -> LabelledPhotos:
    names = [f"{index:02}" for index in range(len(labels))]
    groups = [f"group {index // 2}" for index in range(len(labels))]
    return LabelledPhotos(names, names, groups, groups, None, labels, splits or [""] * len(labels))


def part_of(labels: np.ndarray) -> Part:
    return Part(0, 0, np.arange(8, 40), np.arange(8), labels.astype(np.int8))


def test_members_validate_on_folds_of_their_own_with_groups_whole():
    labels = np.tile([0, 0, 1, 1], 10)
    trains, checks = choose_members(photos(labels), part_of(labels), RECIPE)
    assert trains.shape == checks.shape == (40, 3)
    assert not trains[:8].any() and not checks[:8].any()  # the test photos
    np.testing.assert_array_equal(trains[8:] + checks[8:], 1)
    assert checks.sum(1).max() == 1  # no photo validates for two
    np.testing.assert_array_equal(checks.sum(0), 8)
    np.testing.assert_array_equal(checks[0::2], checks[1::2])  # a group is two neighbours


def test_a_validation_part_of_the_sets_own_is_used_by_all():
    labels = np.tile([0, 1], 20)
    splits = ["test"] * 8 + ["validation"] * 4 + ["train"] * 28
    part = part_of(labels)._replace(train=np.arange(12, 40))
    trains, checks = choose_members(photos(labels, splits), part, RECIPE)
    np.testing.assert_array_equal(np.flatnonzero(trains.all(1)), np.arange(12, 40))
    np.testing.assert_array_equal(np.flatnonzero(checks.all(1)), np.arange(8, 12))
    assert trains.sum() + checks.sum() == 3 * 32


def test_one_class_is_refused():
    labels = np.zeros(40, np.int64)
    labels[:8] = 1
    with pytest.raises(UsageError, match="inner_folds=4: .* training photos .* one class"):
        choose_members(photos(labels), part_of(labels), RECIPE)
    labels[20] = 1  # a single positive: where its group validates nobody is left to learn from
    with pytest.raises(UsageError, match="one class"):
        choose_members(photos(labels), part_of(labels), ScorerRecipe(members=4, inner_folds=4))


def test_more_inner_folds_than_groups_are_refused():
    labels = np.tile([0, 1], 20)
    with pytest.raises(UsageError, match="inner_folds=17: .* 32 photos in 16 groups"):
        choose_members(photos(labels), part_of(labels), ScorerRecipe(members=1, inner_folds=17))


def test_encoders_count_the_same_however_many_values_they_have():
    values = {"conv1": 6, "conv2": 2, "colour": 2, "embedding": 1}
    shares = equal_shares(values, [["conv1", "conv2", "conv3", "embedding"], ["unread"], ["colour"]])
    # 11 values: 5.5 for each encoder, of 9 and of 2
    by_hand = np.sqrt([*[5.5 / 9] * 8, *[5.5 / 2] * 2, 5.5 / 9])
    np.testing.assert_allclose(shares, by_hand, rtol=1e-6)
    np.testing.assert_array_equal(equal_shares(values, [list(values)]), np.ones(11))
