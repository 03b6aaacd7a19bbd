"""The two tables for a person to open: photos that were left out, and photos that occur twice."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from aesthkeras.datasets.record import DataSet
from aesthkeras.photos.quarantine import QUARANTINE
from aesthkeras.preparation.duplicates import DuplicateGroup
from aesthkeras.preparation.findings import Findings
from aesthkeras.storage import write_whole

DUPLICATES = "duplicates.csv"


def left_out(data_set: DataSet, findings: Findings) -> list[tuple[str, str, str]]:
    """Return (id, path, reason), sorted, of all photos that are in no shard: not there, or undecodable."""
    records = data_set.records
    broken = ((records[index].id, records[index].path, why) for index, why in findings.reasons.items())
    return sorted([*data_set.left_out, *broken])


def write_left_out(folder: str, rows: Iterable[tuple[str, str, str]]) -> None:
    """Write `quarantine.csv`: id, path and reason of each photo that is in no shard."""
    _write_table(f"{folder}/{QUARANTINE}", ("id", "path", "reason"), rows)


def write_duplicates(
    folder: str, groups: Sequence[DuplicateGroup], data_set: DataSet, findings: Findings
) -> None:
    """Write `duplicates.csv`: a line per photo of a group; equal `sha256` are equal files."""
    records = data_set.records
    rows = (
        (
            number,
            group.kind,
            "leak" if group.is_leak else "",
            records[member].id,
            records[member].split,
            records[member].path,
            findings.content[member].tobytes().hex(),
        )
        for number, group in enumerate(groups, 1)
        for member in group.members
    )
    _write_table(f"{folder}/{DUPLICATES}", ("group", "kind", "leak", "id", "split", "path", "sha256"), rows)


def _write_table(path: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    contents = io.BytesIO()  # as bytes from the start: of a million rows there is not room for two copies
    text = io.TextIOWrapper(contents, "utf-8", "surrogateescape", newline="")
    table = csv.writer(text)
    table.writerow(header)
    table.writerows(rows)
    text.flush()
    write_whole(path, contents.getvalue())
