"""Records by column say what the tuples said that they were made of."""

from __future__ import annotations

import pytest

from aesthkeras.datasets.packed_records import PackedRecords
from aesthkeras.datasets.record import Record

RECORDS = [
    Record("a/1.jpg", "/photos/a/1.jpg", "train", 3.25, (0, 5, 10**12), 1, "burst"),
    Record("a/2.jpg", "s3://bucket/a/2.jpg", "test", None, (), None, ""),
    Record("grün 花.jpg", "grün 花.jpg", "", 0.0, (7,), 0, "a/b"),
    Record("\\udcff.jpg", "/photos/\udcff.jpg", "train", -1.5, (), 999, ""),
    Record("", "/", "validation", 1e-300, (0, 0), 0, "/"),
]


def test_records_come_out_as_they_went_in():
    packed = PackedRecords(RECORDS)
    assert list(packed) == RECORDS and len(packed) == len(RECORDS)
    assert packed[-1] == RECORDS[-1] and packed[1:4:2] == RECORDS[1:4:2]
    assert [type(value) for value in packed[0]] == [type(value) for value in RECORDS[0]]


def test_what_is_beyond_the_end_is_refused():
    with pytest.raises(IndexError):
        PackedRecords(RECORDS)[5]
    assert not PackedRecords([])
