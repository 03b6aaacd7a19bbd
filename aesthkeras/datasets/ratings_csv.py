"""Anyone's own ratings: `labels.csv` beside the photos that it names.

Columns, in any order and any case, others are ignored:
    path: of the photo, relative to the folder of labels.csv.
    score: a number; without it, the mean of the rating counts.
    c1 .. cK: how many raters gave each rating from 1 to K.
    label: a class; then nothing is derived from scores. 0 and 1, or low and high, are the classes low and
        high; other names are classes in the order of their names.
    split: train, validation or test.
    group, theme: photos that stay on one side of a split (`group_column` names another column).
At least one of score, c1 .. cK and label is needed.
"""

from __future__ import annotations

import csv
import math
import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from aesthkeras.datasets.assembly import assemble
from aesthkeras.datasets.labelling import LOW_HIGH
from aesthkeras.datasets.listing import (
    Folders,
    count,
    lines,
    require_file,
    require_folder,
    require_most,
    score_in_range,
)
from aesthkeras.datasets.record import SPLITS, DataSet, Record
from aesthkeras.datasets.settings import MEDIAN, UNGROUPED, DatasetSettings
from aesthkeras.errors import UsageError

RATINGS = "labels.csv"
LAYOUT = f"a folder of photos with {RATINGS}"
DELIMITERS = (",", ";", "\t")
GROUP_COLUMNS = ("group", "theme")
SAME_AS_LOW_HIGH = ({"0", "1"}, {"low", "high"})
NEEDED = "expected path and at least one of score, label, c1 to cK"


class Columns(NamedTuple):
    """The number of each column; None where the file has no such column."""

    path: int
    score: int | None
    label: int | None
    split: int | None
    group: int | None
    counts: tuple[int, ...]
    width: int


def read(data_dir: str, settings: DatasetSettings, name: str = "csv") -> DataSet:
    """The photos that labels.csv names, with scores, counts, labels, groups and splits as far as it has them.

    Ids are the paths as the file has them. Listed photos without a file, and rows without a score or label,
    are left out.

    Args:
        data_dir: the folder of labels.csv.
        settings: all of them apply.
        name: of the data set.

    Raises:
        UsageError: missing columns, malformed values with their line, a group on both sides of the file's own
            split, one class only, or fewer than half of the photos exist.
    """
    require_folder(data_dir, LAYOUT)
    file_name = os.path.join(data_dir, RATINGS)
    require_file(file_name, LAYOUT)
    rows = _rows(file_name)
    _, header = next(rows, (1, []))
    columns = _columns(header, file_name, settings)
    score_range = settings.range or ((1.0, float(len(columns.counts))) if columns.counts else None)
    records, labels, left_out = _listed(rows, columns, data_dir, score_range, file_name)
    classes = _label(records, labels, file_name) if columns.label is not None else ()
    if score_range is None:
        score_range = _occurring(records)
    own_scheme = "random" if columns.split is None else "own"
    if settings.split == "own" and columns.split is not None:
        _require_whole_groups(records, file_name)
    data_set = DataSet(
        name,
        records,
        classes,
        left_out,
        score_range,
        has_own_split=columns.split is not None,
        own_threshold=MEDIAN if columns.label is None else "",
    )
    return assemble(data_set, settings, file_name, own_scheme)


def _listed(
    rows: Iterator[tuple[int, list[str]]],
    columns: Columns,
    data_dir: str,
    score_range: tuple[float, float] | None,
    file_name: str,
) -> tuple[list[Record], list[str], list[tuple[str, str, str]]]:
    """The records whose files exist, the texts of their labels, and what is left out."""
    low, high = score_range or (-math.inf, math.inf)
    folders = Folders()
    records: list[Record] = []
    labels: list[str] = []
    left_out: list[tuple[str, str, str]] = []
    missing = 0
    for number, row in rows:
        where = f"{file_name}:{number}"
        if len(row) != columns.width:
            raise UsageError(f"{where}: {len(row)} fields; expected {columns.width}, as in the first line")
        record, label = _record(row, columns, data_dir, low, high, where)
        path = folders.find(record.path)
        if path is None:
            missing += 1
            left_out.append((record.id, record.path, "listed, but there is no such file"))
        elif not label and columns.label is not None:
            left_out.append((record.id, path, "no label"))
        elif record.score is None and columns.label is None:
            left_out.append((record.id, path, "no score"))
        else:
            records.append(record if path == record.path else record._replace(path=path))
            labels.append(label)
    listed = len(records) + len(left_out)
    require_most(listed - missing, listed, file_name, data_dir)
    return records, labels, left_out


def _rows(file_name: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of each row, the header first, whichever delimiter the file uses."""
    numbers = [0]

    def texts() -> Iterator[str]:
        for number, line in lines(file_name, LAYOUT):
            numbers[0] = number
            yield line

    source = texts()
    header = next(source, "")
    delimiter = next((mark for mark in DELIMITERS if "path" in _names(header.split(mark))), ",")
    yield 1, next(csv.reader([header], delimiter=delimiter), [])
    try:
        for row in csv.reader(source, delimiter=delimiter, strict=True):
            if any(field.strip() for field in row):  # spreadsheets write rows of nothing but delimiters
                yield numbers[0], row
    except csv.Error as error:
        raise UsageError(f"{file_name}:{numbers[0]}: malformed row: {error}") from error


def _names(fields: list[str]) -> list[str]:
    return [field.strip().strip('"').lower() for field in fields]


def _columns(header: list[str], file_name: str, settings: DatasetSettings) -> Columns:
    names = _names(header)
    found = f"found the columns {', '.join(names) or 'none'}"
    for needed in ("path", "score", "label", "split", *GROUP_COLUMNS):
        if names.count(needed) > 1:
            raise UsageError(f"{file_name}: the column {needed} occurs more than once; {found}")
    place = {column: index for index, column in enumerate(names)}
    counts = _count_columns(place, file_name)
    if "path" not in place or not (counts or "score" in place or "label" in place):
        raise UsageError(f"{file_name}: {found}; {NEEDED}")
    group = settings.group_column.lower()
    if group not in ("", UNGROUPED) and group not in place:
        raise UsageError(f"group_column={settings.group_column}: no such column in {file_name}; {found}")
    if not group:
        group = next((column for column in GROUP_COLUMNS if column in place), UNGROUPED)
    return Columns(
        place["path"],
        place.get("score"),
        place.get("label"),
        place.get("split"),
        None if group == UNGROUPED else place.get(group),
        counts,
        len(names),
    )


def _count_columns(place: dict[str, int], file_name: str) -> tuple[int, ...]:
    """The numbers of the columns c1 to cK, none where there is one at most."""
    ratings = {int(name[1:]) for name in place if re.fullmatch(r"c(0|[1-9][0-9]{0,3})", name)}
    if len(ratings) < 2:
        return ()
    strange = sorted(ratings ^ set(range(1, len(ratings) + 1)))
    if strange:
        what = "has no column" if strange[0] not in ratings else "has the column"
        raise UsageError(
            f"{file_name}: {what} c{strange[0]}; expected rating counts in c1, c2 and on, without a gap"
        )
    return tuple(place[f"c{rating}"] for rating in sorted(ratings))


def _record(
    row: list[str], columns: Columns, data_dir: str, low: float, high: float, where: str
) -> tuple[Record, str]:
    """The record of a row, its label not yet set, and the text of its label."""
    name = row[columns.path].strip().replace("\\", "/")  # a list from Windows
    if not name:
        raise UsageError(f"{where}: the path is empty; expected the path of a photo")
    name = os.path.normpath(name)
    counts = tuple(count(row[column].strip() or "0", where) for column in columns.counts)
    score_text = "" if columns.score is None else row[columns.score].strip()
    if score_text:
        score: float | None = score_in_range(score_text, low, high, where)
    elif any(counts):
        score = sum(rating * raters for rating, raters in enumerate(counts, 1)) / sum(counts)
    else:
        score = None
    split = "" if columns.split is None else row[columns.split].strip().lower()
    if columns.split is not None and split not in SPLITS:
        raise UsageError(f"{where}: split {split!r}; expected {', '.join(SPLITS)}")
    split = next((word for word in SPLITS if word == split), "")  # the one string, not a million copies
    group = "" if columns.group is None else row[columns.group].strip()
    label = "" if columns.label is None else row[columns.label].strip()
    return Record(name, os.path.join(data_dir, name), split, score, counts, None, group), label


def _label(records: list[Record], labels: list[str], file_name: str) -> tuple[str, ...]:
    """Sets the records' labels, in place, and returns the classes."""
    found = set(labels)
    if len(found) < 2:
        only = f"only {next(iter(found))!r}" if found else "nothing"
        raise UsageError(f"{file_name}: the column label holds {only}; expected two classes or more")
    numbers = all(label.isdecimal() for label in found)
    classes = tuple(sorted(found, key=(lambda label: (int(label), label)) if numbers else None))
    index = {label: place for place, label in enumerate(classes)}
    if {label.lower() for label in found} in SAME_AS_LOW_HIGH:
        classes = LOW_HIGH
        index = {label: int(label.lower() in ("1", "high")) for label in found}
    for place, label in enumerate(labels):
        records[place] = records[place]._replace(label=index[label])
    return classes


def _occurring(records: list[Record]) -> tuple[float, float] | None:
    scores = [record.score for record in records if record.score is not None]
    return (min(scores), max(scores)) if scores else None


def _require_whole_groups(records: list[Record], file_name: str) -> None:
    split_of: dict[str, str] = {}
    for record in records:
        if record.group and split_of.setdefault(record.group, record.split) != record.split:
            splits = f"{split_of[record.group]} and {record.split}"
            raise UsageError(
                f"{file_name}: the group {record.group!r} is in {splits}; "
                "expected each group in one split (group_column=none drops the groups)"
            )
