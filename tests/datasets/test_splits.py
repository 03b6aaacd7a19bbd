from __future__ import annotations

import hashlib
import random
from collections import Counter

import pytest

from aesthkeras.datasets.splits import chance, equal_folds, random_split

IDS = [f"photo {number}" for number in range(10_000)]


def test_chance_is_the_sha256_of_seed_purpose_and_key():
    digest = hashlib.sha256("7\ntest\nimages/écrin.jpg".encode()).digest()
    assert chance(7, "test", "images/écrin.jpg") == int.from_bytes(digest[:6], "big") / 2**48


def test_random_split_meets_its_shares_on_ten_thousand_photos():
    found = Counter(random_split(3, key, 0.2, 0.1) for key in IDS)
    # four standard deviations of a binomial draw
    assert abs(found["test"] - 2000) < 160 and abs(found["validation"] - 1000) < 120
    assert found["train"] == 10_000 - found["test"] - found["validation"]


def test_seeds_and_purposes_are_independent_draws():
    one, two = ([random_split(seed, key, 0.5, 0.0) for key in IDS] for seed in (0, 1))
    assert abs(sum(a == b for a, b in zip(one, two)) - 5000) < 200
    validation = [random_split(0, key, 0.0, 0.5) for key in IDS]
    both = sum(a == "test" and b == "validation" for a, b in zip(one, validation))
    assert abs(both - 2500) < 175


def test_a_larger_share_keeps_what_a_smaller_one_took():
    small = [random_split(0, key, 0.2, 0.1) for key in IDS]
    large = [random_split(0, key, 0.2, 0.3) for key in IDS]
    assert all(b == a for a, b in zip(small, large) if a != "train")


@pytest.mark.parametrize("folds", [2, 5])
def test_equal_folds_differ_by_one_photo_in_all_and_in_each_stratum(folds):
    strata = ["abcdefg"[number * number % 7] for number in range(9_999)]
    assigned = equal_folds(IDS[:9_999], folds, 0, strata)
    sizes = Counter(assigned)
    assert max(sizes.values()) - min(sizes.values()) <= 1
    for stratum in set(strata):
        inner = Counter(fold for fold, name in zip(assigned, strata) if name == stratum)
        assert max(inner.values()) - min(inner.values()) <= 1


def test_equal_folds_do_not_depend_on_order_and_do_on_the_seed():
    first = dict(zip(IDS, equal_folds(IDS, 2, 0)))
    mixed = random.Random(1).sample(IDS, len(IDS))
    assert dict(zip(mixed, equal_folds(mixed, 2, 0))) == first
    other = equal_folds(IDS, 2, 1)
    assert abs(sum(first[key] == fold for key, fold in zip(IDS, other)) - 5000) < 200


def test_equal_folds_keep_groups_whole_and_balance_them():
    groups = [f"group {int(number**0.5)}" for number in range(10_000)]  # 100 groups of 1 to 199 photos
    assigned = equal_folds(groups, 5, 0)
    assert all(
        len({fold for fold, name in zip(assigned, groups) if name == group}) == 1 for group in set(groups)
    )
    assert all(abs(size - 2000) <= 10 for size in Counter(assigned).values())
