"""Rows as CSV or as JSON lines, one by one."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator

from aesthkeras.scoring.faults import faults_text
from aesthkeras.scoring.rows import Row

COLUMNS = ("path", "score", "rating", "seems_wrong", "error")
DIGITS = 6


def csv_lines(rows: Iterable[Row]) -> Iterator[bytes]:
    """The header, then a line a row; a file name that is not UTF-8 keeps its bytes."""
    yield _csv_line(COLUMNS)
    for row in rows:
        numbers = ("" if number is None else f"{number:.{DIGITS}f}" for number in (row.score, row.rating))
        yield _csv_line((row.path, *numbers, faults_text(row.faults), row.error))


def json_lines(rows: Iterable[Row]) -> Iterator[bytes]:
    """An object a row, with the names of the CSV's columns; unknown values are null."""
    for row in rows:
        values = {
            "path": row.path,
            "score": _rounded(row.score),
            "rating": _rounded(row.rating),
            "seems_wrong": {words: _rounded(share) for words, share in row.faults.items()} or None,
            "error": row.error or None,
        }
        yield json.dumps(values).encode() + b"\n"


def _csv_line(values: Iterable[str]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerow(values)
    return out.getvalue().encode("utf-8", "surrogateescape")


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, DIGITS)
