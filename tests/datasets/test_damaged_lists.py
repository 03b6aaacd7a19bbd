"""Label files with seeded damage: each is read as it stands or refused in one line; no row is lost unsaid.

AESTHKERAS_DAMAGED_LISTS=20000 tries so many of each kind.
"""

from __future__ import annotations

import csv
import io
import os
import random
import statistics
from collections.abc import Callable
from pathlib import Path

import pytest

from aesthkeras.datasets.find import read_dataset
from aesthkeras.datasets.record import DataSet
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.errors import UsageError

TRIES = int(os.environ.get("AESTHKERAS_DAMAGED_LISTS", "150"))
PHOTOS = [f"{number}.jpg" for number in range(1, 9)]
SCORES = "path,score,split,theme\n" + "".join(
    f"{name},{number * 1.25},{'train' if number % 3 else 'test'},t{number}\n"
    for number, name in enumerate(PHOTOS, 1)
)
COUNTS = "path;c1;c2;c3;notes\n" + "".join(
    f'{name};{number};{number % 4};;"said; ""fine"""\n' for number, name in enumerate(PHOTOS)
)
LABELS = "\ufeffLabel\tpath\tscore\r\n" + "".join(
    f"{'good' if number % 2 else 'bad'}\t{name}\t{number}\r\n" for number, name in enumerate(PHOTOS)
)
AVA = "".join(
    f"{number} {number} 1 0 2 {number} 5 0 3 0 {9 - number} 0 1 22 1396\n" for number in range(1, 9)
)
AADB = "".join(f"{name} 0.{number}5\n" for number, name in enumerate(PHOTOS))
BITS = [
    *("\0", '"', '""', ",", ";", "\t", "\r", "\n", "\r\n", " ", "\u00a0", "\ufeff", "\u2028", "\x1a", "\x85"),
    *(
        "-",
        "+",
        ".",
        "%",
        "_",
        "/",
        "\\",
        "../",
        "./",
        "#",
        "=",
        "'",
        "c0",
        "c4",
        "C01",
        "é",
        "e\u0301",
        "²",
        "٣",
    ),
    *(
        "nan",
        "inf",
        "1e999",
        "9" * 5000,
        "x" * 140_000,
        "0,5",
        "1.0",
        "path",
        "score",
        "split",
        "dev",
        "🙂",
        "1.JPG",
    ),
]


def damaged(text: str, chance: random.Random) -> bytes:
    """The text with one to three faults, as editors, spreadsheets, downloads and disks make them."""
    for _ in range(chance.randint(1, 3)):
        rows = text.splitlines(keepends=True) or [""]
        row, place = chance.randrange(len(rows)), chance.randint(0, len(text))
        kind = chance.randrange(12)
        if kind < 4:
            text = text[:place] + chance.choice(BITS) + text[place:]
        elif kind < 6:
            text = text[:place] + text[place + chance.randint(1, 3) :]
        elif kind == 6:
            text = "".join(rows[:row] + [chance.choice(rows)] + rows[row:])
        elif kind == 7:
            text = "".join(rows[:row] + rows[row + 1 :])
        elif kind == 8:
            chance.shuffle(rows)
            text = "".join(rows)
        elif kind == 9:
            text = text.replace(
                *chance.choice([(",", ";"), (";", ","), ("\t", " "), ("\n", "\r"), (".", ",")])
            )
        elif kind == 10:
            text = text[:place]
        else:
            mark = chance.choice(",;\t ")
            text = "".join(f"{line.rstrip()}{mark * row}\n" for line in rows)
    encoding = chance.choice([*["utf-8"] * 8, "utf-16", "utf-16-le", "latin-1", "utf-8-sig"])
    content = bytearray(text.encode(encoding, "replace"))
    if content and not chance.randrange(8):
        content[chance.randrange(len(content))] = chance.randrange(256)
    return bytes(content)


def read_damaged(name: str, folder: Path, file: Path, content: bytes) -> DataSet | None:
    """The set, or None where it is refused: in one line, which names a file, a flag or an id."""
    file.write_bytes(content)
    try:
        return read_dataset(name, str(folder), DatasetSettings(split="random", test_share=0.0))
    except UsageError as error:
        assert len(str(error).splitlines()) == 1, content
        assert str(folder) in str(error) or "=" in str(error), content
        return None


def text_of(content: bytes) -> str:
    return io.TextIOWrapper(io.BytesIO(content), "utf-8-sig").read()


def require_rows_of_csv(data_set: DataSet, content: bytes) -> None:
    """What was read is what Python's own reader finds, row by row."""
    text = text_of(content)
    for delimiter in ",;\t":
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True))
        rows = [[field.strip() for field in row] for row in rows if any(field.strip() for field in row)]
        names = [name.lower() for name in rows[0]]
        if "path" in names:
            break
    found = {record.id: record for record in data_set.records}
    left_out = {id_ for id_, _, _ in data_set.left_out}
    assert len(rows) - 1 == len(data_set.records) + len(data_set.left_out), content
    counted = [name for name in names if name.startswith("c") and name[1:].strip().isdigit()]
    for fields in rows[1:]:
        row = dict(zip(names, fields))
        id_ = os.path.normpath(row["path"].replace("\\", "/"))
        assert id_ in found or id_ in left_out, content
        record = found.get(id_)
        if record is None:
            continue
        counts = {int(name[1:]): float(row[name] or 0) for name in counted}
        assert sum(record.counts) == sum(counts.values()), content
        if row.get("score"):
            assert record.score == float(row["score"]), content
        elif sum(counts.values()):
            ratings = [rating for rating, raters in counts.items() for _ in range(min(int(raters), 10**6))]
            if len(ratings) == sum(counts.values()):
                assert record.score == pytest.approx(statistics.mean(ratings)), content
        if "label" in row:
            assert record.label is not None and row["label"], content


def require_lines_of_ava(data_set: DataSet, content: bytes) -> None:
    rows = [line.split() for line in text_of(content).split("\n") if line.strip()]
    left_out = [id_ for id_, _, reason in data_set.left_out if "not in AVA.txt" not in reason]
    assert sorted([*(record.id for record in data_set.records), *left_out]) == sorted(row[1] for row in rows)
    counts = {row[1]: tuple(int(float(count)) for count in row[2:12]) for row in rows}
    assert all(record.counts == counts[record.id] for record in data_set.records), content


def require_lines_of_aadb(data_set: DataSet, content: bytes) -> None:
    rows = [
        line.rstrip().rpartition(" ")
        for line in text_of(content).replace("\t", " ").split("\n")
        if line.strip()
    ]
    read = [record for record in data_set.records if record.id not in ("v.jpg", "t.jpg")]
    assert len(rows) == len(read) + len(data_set.left_out), content
    scores = {name.strip(): float(score) for name, _, score in rows}
    assert all(record.score == scores[record.id] for record in read), content


@pytest.fixture
def folder(tmp_path):
    """Photos that no source opens, where csv, AVA and AADB look for them, and the lists that are whole."""
    for place in ("", "images", "datasetImages_originalSize"):
        (tmp_path / place).mkdir(exist_ok=True)
        for name in (*PHOTOS, "v.jpg", "t.jpg"):
            (tmp_path / place / name).touch()
    (tmp_path / "generic_test.jpgl").write_text("3\n4\n99\n")
    (tmp_path / "imgListValidationRegression_score.txt").write_text("v.jpg 0.1\n")
    (tmp_path / "imgListTestNewRegression_score.txt").write_text("t.jpg 0.9\n")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "file", "text", "require"),
    [
        ("csv", "labels.csv", SCORES, require_rows_of_csv),
        ("csv", "labels.csv", COUNTS, require_rows_of_csv),
        ("csv", "labels.csv", LABELS, require_rows_of_csv),
        ("ava", "AVA.txt", AVA, require_lines_of_ava),
        ("aadb", "imgListTrainRegression_score.txt", AADB, require_lines_of_aadb),
    ],
    ids=["scores", "counts", "labels", "ava", "aadb"],
)
def test_a_damaged_list_is_read_as_it_stands_or_refused(
    folder: Path, name: str, file: str, text: str, require: Callable[[DataSet, bytes], None]
):
    chance = random.Random(f"{name} {len(text)}")
    refused = 0
    for _ in range(TRIES):
        content = damaged(text, chance)
        data_set = read_damaged(name, folder, folder / file, content)
        if data_set is None:
            refused += 1
        else:
            require(data_set, content)
    assert 0.1 < refused / TRIES < 0.95  # otherwise the damage is too small or too great to test anything
