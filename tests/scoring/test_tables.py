"""Rows as lines, to the letter."""

from __future__ import annotations

import json
import os

from aesthkeras.scoring.rows import Row
from aesthkeras.scoring.tables import csv_lines, json_lines

ROWS = [
    Row("a.jpg", 0.12345678, 4.5, {"blurred": 0.62, "nothing": 0.3000004}, shape=(3, 4)),
    Row('b, "c".png', 1e-9, None, {}),
    Row(os.fsdecode(b"caf\xe9.jpg"), error="no such file"),
]


def test_csv():
    assert b"".join(csv_lines(ROWS)) == (
        b"path,score,rating,seems_wrong,error\n"
        b'a.jpg,0.123457,4.500000,"blurred 0.62, nothing 0.30",\n'
        b'"b, ""c"".png",0.000000,,,\n'
        b"caf\xe9.jpg,,,,no such file\n"
    )


def test_json_lines():
    lines = list(json_lines(ROWS))
    assert all(line.endswith(b"}\n") and line.count(b"\n") == 1 for line in lines)
    first, second, third = (json.loads(line) for line in lines)
    assert first == {
        "path": "a.jpg",
        "score": 0.123457,
        "rating": 4.5,
        "seems_wrong": {"blurred": 0.62, "nothing": 0.3},
        "error": None,
    }
    assert second == {"path": 'b, "c".png', "score": 0, "rating": None, "seems_wrong": None, "error": None}
    assert os.fsencode(third["path"]) == b"caf\xe9.jpg"
    assert (third["score"], third["error"]) == (None, "no such file")
