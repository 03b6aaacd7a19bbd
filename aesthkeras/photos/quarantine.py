"""`quarantine.csv`: the photos that a run cannot use, each with the reason."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from aesthkeras.files import replace_file

QUARANTINE = "quarantine.csv"
_COLUMNS = ["path", "reason"]


def write_quarantine(path: str | Path, refused: Iterable[tuple[str, str]]) -> None:
    """Write the list; it replaces an earlier one and is there even when no photo is refused.

    Args:
        path: the CSV file.
        refused: pairs of path and reason.

    Raises:
        OSError: the file cannot be written; an earlier list stays as it was.
    """
    out = io.StringIO(newline="")
    rows = csv.writer(out)
    rows.writerow(_COLUMNS)
    rows.writerows(refused)
    replace_file(Path(path), out.getvalue().encode("utf-8", "surrogateescape"))


def read_quarantine(path: str | Path) -> dict[str, str]:
    """Return the reason for each refused photo by its path.

    Raises:
        OSError: the file cannot be read.
    """
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as lines:
        return {row["path"]: row["reason"] for row in csv.DictReader(lines)}
