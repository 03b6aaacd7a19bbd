from __future__ import annotations

import csv
import os

import pytest

from aesthkeras.photos.quarantine import read_quarantine, write_quarantine


def test_list_holds_any_name_and_replaces_the_old_one_whole(tmp_path):
    rows = [
        ("a, b.jpg", 'says "no"'),
        ("two\nlines.jpg", "no such file"),
        ("é 写真.jpg", "the file is empty"),
        (os.fsdecode(b"caf\xe9.jpg"), "no such file"),
    ]
    path = str(tmp_path / "quarantine.csv")
    write_quarantine(path, rows)
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as lines:
        assert list(csv.reader(lines)) == [["path", "reason"], *(list(row) for row in rows)]
    assert read_quarantine(path) == dict(rows)

    def fails():
        yield ("a.jpg", "b")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_quarantine(path, fails())
    assert len(read_quarantine(path)) == 4
    assert os.listdir(tmp_path) == ["quarantine.csv"]
