"""Rows as CSV or as JSON lines, one by one."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator

from aesthkeras.scoring.faults import faults_text
from aesthkeras.scoring.rows import Row

_OF_A_SCENE = ("group", "best_of_group")
COLUMNS = ("path", "score", "rating", "seems_wrong", "error", "width", "height", "taken", "read_as")
DIGITS = 6


def csv_lines(rows: Iterable[Row], with_groups: bool = True) -> Iterator[bytes]:
    """The header, then a line a row; a file name that is not UTF-8 keeps its bytes."""
    yield _csv_line([*COLUMNS, *(_OF_A_SCENE if with_groups else ())])
    for row in rows:
        numbers = ("" if number is None else f"{number:.{DIGITS}f}" for number in (row.score, row.rating))
        size = (str(edge or "") for edge in (row.width, row.height))
        values = [row.path, *numbers, faults_text(row.faults), row.error, *size, row.taken, row.read_as]
        if with_groups:
            values += [row.group, str(row.best_of_group).lower() if row.group else ""]
        yield _csv_line(values)


def json_lines(rows: Iterable[Row], with_groups: bool = True) -> Iterator[bytes]:
    """An object a row, with the names of the CSV's columns; unknown values are null."""
    for row in rows:
        values = {
            "path": row.path,
            "score": _rounded(row.score),
            "rating": _rounded(row.rating),
            "seems_wrong": {words: _rounded(share) for words, share in row.faults.items()} or None,
            "error": row.error or None,
            "width": row.width or None,
            "height": row.height or None,
            "taken": row.taken or None,
            "read_as": row.read_as or None,
        }
        if with_groups:
            values["group"] = row.group or None
            values["best_of_group"] = row.best_of_group if row.group else None
        yield json.dumps(values).encode() + b"\n"


def _csv_line(values: Iterable[str]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerow(values)
    return out.getvalue().encode("utf-8", "surrogateescape")


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, DIGITS)
