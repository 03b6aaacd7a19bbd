"""Rows as lines, to the letter."""

from __future__ import annotations

import json
import os

from aesthkeras.scoring.rows import Row
from aesthkeras.scoring.tables import csv_lines, json_lines

ROWS = [
    Row(
        "a.jpg",
        0.12345678,
        4.5,
        {"blurred": 0.62, "nothing": 0.3000004},
        shape=(3, 4),
        width=640,
        height=480,
        taken="2026-05-01T12:30:59",
        group="7",
        best_of_group=True,
        read_as="HEIC",
    ),
    Row('b, "c".png', 1e-9, None, {}),
    Row(os.fsdecode(b"caf\xe9.jpg"), error="no such file"),
]


def test_csv():
    assert b"".join(csv_lines(ROWS)) == (
        b"path,score,rating,seems_wrong,error,width,height,taken,read_as,group,best_of_group\n"
        b'a.jpg,0.123457,4.500000,"blurred 0.62, nothing 0.30",,640,480,2026-05-01T12:30:59,HEIC,7,true\n'
        b'"b, ""c"".png",0.000000,,,,,,,,,\n'
        b"caf\xe9.jpg,,,,no such file,,,,,,\n"
    )


def test_without_groups_there_are_no_columns_of_them():
    assert next(csv_lines(ROWS, False)) == b"path,score,rating,seems_wrong,error,width,height,taken,read_as\n"
    assert all(b"group" not in line for line in json_lines(ROWS, False))


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
        "width": 640,
        "height": 480,
        "taken": "2026-05-01T12:30:59",
        "read_as": "HEIC",
        "group": "7",
        "best_of_group": True,
    }
    unknown = [
        "rating",
        "seems_wrong",
        "error",
        "width",
        "height",
        "taken",
        "read_as",
        "group",
        "best_of_group",
    ]
    assert second == {"path": 'b, "c".png', "score": 0, **dict.fromkeys(unknown)}
    assert os.fsencode(third["path"]) == b"caf\xe9.jpg"
    assert (third["score"], third["error"]) == (None, "no such file")
