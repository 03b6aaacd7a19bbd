"""Anyone's own ratings: `labels.csv` beside the photos that it names.

Columns, in any order and any case, others are ignored:
    path: of the photo, relative to the folder of labels.csv.
    score: a number; without it, the mean of the rating counts.
    c1 .. cK, or c0 .. cK: how many raters gave each rating from 1, or 0, to K; no rating may be left out.
    label: a class; then nothing is derived from scores. 0 and 1, or low and high, are the classes low and
        high; other names are classes in the order of their names.
    split: train, validation or test, also as training, val, valid, dev, testing.
    group, theme: photos that stay on one side of a split (`group_column` names another column).
At least one of score, c1 .. cK and label is needed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from aesthkeras.datasets.assembly import assemble
from aesthkeras.datasets.class_names import in_order, one_spelling_of, require_distinct
from aesthkeras.datasets.csv_columns import Columns, find_columns
from aesthkeras.datasets.csv_rows import CsvRow, read_rows
from aesthkeras.datasets.labelling import LOW_HIGH
from aesthkeras.datasets.listing import (
    Folders,
    count,
    quoted,
    require_file,
    require_folder,
    require_most,
    score_in_range,
)
from aesthkeras.datasets.record import SPLIT_WORDS, DataSet, Record, split_named
from aesthkeras.datasets.settings import MEDIAN, DatasetSettings
from aesthkeras.errors import UsageError

RATINGS = "labels.csv"
LAYOUT = f"a folder of photos with {RATINGS}"
SAME_AS_LOW_HIGH = ({"0", "1"}, {"low", "high"})
LARGEST_SCORE = 1e30  # of a score: float32 holds its square no more


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
    header, rows = read_rows(file_name, "path", LAYOUT)
    columns = find_columns(header, file_name, settings)
    score_range = settings.range or columns.score_range
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
    rows: Iterator[CsvRow],
    columns: Columns,
    data_dir: str,
    score_range: tuple[float, float] | None,
    file_name: str,
) -> tuple[list[Record], list[str], list[tuple[str, str, str]]]:
    """The records whose files exist, the texts of their labels, and what is left out."""
    low, high = score_range or (-LARGEST_SCORE, LARGEST_SCORE)
    folders = Folders()
    found: set[str] = set()
    records: list[Record] = []
    labels: list[str] = []
    left_out: list[tuple[str, str, str]] = []
    missing = 0
    for number, row in rows:
        where = f"{file_name}:{number}"
        record, label = _record(row, columns, data_dir, low, high, where)
        path = folders.find(record.path)
        if path is None:
            missing += 1
            left_out.append((record.id, record.path, "listed, but there is no such file"))
            continue
        identity = folders.identity(path)
        if identity in found:
            raise UsageError(
                f"{where}: {quoted(row[columns.path])} occurs more than once: an earlier row names the same "
                "file; expected each photo once"
            )
        found.add(identity)
        if not label and columns.label is not None:
            left_out.append((record.id, path, "no label"))
        elif record.score is None and columns.label is None:
            left_out.append((record.id, path, "no score"))
        else:
            records.append(record if path == record.path else record._replace(path=path))
            labels.append(label)
    listed = len(records) + len(left_out)
    require_most(listed - missing, listed, file_name, data_dir)
    return records, labels, left_out


def _record(
    row: list[str], columns: Columns, data_dir: str, low: float, high: float, where: str
) -> tuple[Record, str]:
    """The record of a row, its label not yet set, and the text of its label."""
    name = row[columns.path].replace("\\", "/")  # a list from Windows
    if not name:
        raise UsageError(f"{where}: the path is empty; expected the path of a photo")
    name = os.path.normpath(name)
    counts = tuple(
        count(row[column] or "0", where, f"rating count {columns.names[column]}") for column in columns.counts
    )
    score_text = "" if columns.score is None else row[columns.score]
    if score_text:
        score: float | None = score_in_range(score_text, low, high, where)
    elif any(counts):
        score = sum(rating * raters for rating, raters in enumerate(counts, columns.lowest)) / sum(counts)
    else:
        score = None
    split = "" if columns.split is None else split_named(row[columns.split])
    if split is None:
        word = row[columns.split or 0]
        raise UsageError(f"{where}: split '{quoted(word)}'; expected one of {', '.join(SPLIT_WORDS)}")
    group = "" if columns.group is None else row[columns.group]
    label = "" if columns.label is None else row[columns.label]
    if any("\n" in used for used in (name, label, group)):
        raise UsageError(f"{where}: a quoted field runs over the line's end; expected a closing quote")
    return Record(name, os.path.join(data_dir, name), split, score, counts, None, group), label


def _label(records: list[Record], labels: list[str], file_name: str) -> tuple[str, ...]:
    """Sets the records' labels, in place, and returns the classes."""
    found = set(labels)
    if len(found) < 2:
        only = f"only '{quoted(next(iter(found)))}'" if found else "nothing"
        raise UsageError(f"{file_name}: the column label holds {only}; expected two classes or more")
    classes = tuple(in_order(found))
    index = {label: place for place, label in enumerate(classes)}
    if {one_spelling_of(label) for label in found} in SAME_AS_LOW_HIGH:
        classes = LOW_HIGH
        index = {label: int(one_spelling_of(label) in ("1", "high")) for label in found}
    else:
        require_distinct(found, file_name)
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
                f"{file_name}: the group '{quoted(record.group)}' is in {splits}; "
                "expected each group in one split (group_column=none drops the groups)"
            )
