from __future__ import annotations

import numpy as np
import pytest

from aesthkeras.datasets.record import DataSet, Record
from aesthkeras.errors import UsageError
from aesthkeras.preparation.plan import describe_plan, keep_plan, plan_shards
from aesthkeras.preparation.settings import PreparationSettings

RECORDS = [
    Record(f"{number:04d}", f"/photos/{number:04d}.jpg", "test" if number % 4 == 0 else "train", number / 7)
    for number in range(230)
]
SIZES = np.arange(230)


def described(records=RECORDS, sizes=SIZES, choices=None, **settings):
    data_set = DataSet("csv", records, ("low", "high"), [], (0.0, 40.0))
    return describe_plan(data_set, sizes, PreparationSettings(**settings), choices or {"split_seed": "0"})


def test_each_photo_is_in_one_shard_of_its_split():
    planned = plan_shards(RECORDS, 50)
    assert [shard.name for shard in planned] == [
        "test-00000-of-00001",
        "train-00000-of-00003",
        "train-00001-of-00003",
        "train-00002-of-00003",
    ]
    for shard in planned:
        assert {RECORDS[index].split for index in shard.records} == {shard.split}
    assert sorted(np.concatenate([shard.records for shard in planned])) == list(range(230))
    assert [len(shard.records) for shard in planned] == [58, 58, 57, 57]


def test_shards_mix_the_order_of_the_ids():
    for shard in plan_shards(RECORDS, 50):
        thirds = np.histogram(shard.records, 3, (0, 230))[0]
        assert thirds.min() > 8


def test_a_set_without_splits_goes_into_shards_called_all():
    assert plan_shards([Record("a", "/a.jpg")], 1000)[0].name == "all-00000-of-00001"


def test_the_same_plan_is_taken_and_copies_of_the_photos_elsewhere_are_as_good(tmp_path):
    keep_plan(str(tmp_path), described())
    keep_plan(str(tmp_path), described(near_bits=2))
    moved = [record._replace(path=record.path.replace("/photos", "/mnt/a copy")) for record in RECORDS]
    keep_plan(str(tmp_path), described(moved))


@pytest.mark.parametrize(
    "change, difference",
    [
        ({"resize": 128}, "resize=128, was 256;"),
        ({"original_bytes": True}, "original_bytes=True, was False;"),
        ({"shard_photos": 10}, "shard_photos=10, was 1000;"),
        ({"records": RECORDS[:-1], "sizes": SIZES[:-1]}, "there were 230 photos, now 229;"),
        ({"sizes": SIZES[::-1]}, "names or sizes of the photos have changed;"),
        ({"records": [*RECORDS[:-1], RECORDS[-1]._replace(score=1.0)]}, "ids, splits, scores or labels"),
        (
            {"records": [RECORDS[0]._replace(split="train"), *RECORDS[1:]], "choices": {"split_seed": "4"}},
            "split_seed=4, was 0;",
        ),
    ],
)
def test_another_plan_is_refused_and_what_differs_is_named(change, difference, tmp_path):
    keep_plan(str(tmp_path), described())
    with pytest.raises(UsageError) as caught:
        keep_plan(str(tmp_path), described(**change))
    assert str(caught.value).startswith(f"out={tmp_path} holds shards of another plan: {difference}")
    assert "\n" not in str(caught.value)


def test_a_flag_that_changes_no_photo_is_no_other_plan(tmp_path):
    keep_plan(str(tmp_path), described())
    keep_plan(str(tmp_path), described(choices={"split_seed": "4"}))
