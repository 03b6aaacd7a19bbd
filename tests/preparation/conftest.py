"""A small data set of real photos with the usual damage, prepared once."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from aesthkeras.datasets.record import DataSet, Record
from aesthkeras.preparation.preparing import prepare
from aesthkeras.preparation.settings import PreparationSettings

SETTINGS = PreparationSettings(resize=64, shard_photos=3)


@pytest.fixture(scope="session")
def data_set(tmp_path_factory, sample) -> DataSet:
    """Eight usable photos, one of them turned by EXIF, two broken, one that the set lists and has not."""
    folder = tmp_path_factory.mktemp("Möwen und Meer")
    sample("astronaut").save(folder / "astronaut.png")
    sample("china").save(folder / "china.jpg", quality=90)
    sample("rocket").save(folder / "rocket.jpg", quality=95)
    sample("flower").save(folder / "flower.webp", lossless=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    sample("coffee").save(folder / "coffee.jpg", exif=exif)
    sample("chelsea", 48).save(folder / "chelsea.png")
    (folder / "china copy.jpg").write_bytes((folder / "china.jpg").read_bytes())
    sample("rocket", 128).save(folder / "rocket small.jpg", quality=60)
    (folder / "cut.jpg").write_bytes((folder / "china.jpg").read_bytes()[:4000])
    (folder / "text.jpg").write_text("not a photo")
    rows = [  # name, split, score, label
        ("astronaut.png", "train", 5.25, 1),
        ("chelsea.png", "train", 6.5, 1),
        ("china copy.jpg", "test", 4.0, 0),
        ("china.jpg", "train", 4.125, 0),
        ("coffee.jpg", "train", None, None),
        ("cut.jpg", "train", 3.0, 0),
        ("flower.webp", "test", 6.0, 1),
        ("rocket small.jpg", "test", 2.5, 0),
        ("rocket.jpg", "train", 2.25, 0),
        ("text.jpg", "test", 3.0, 0),
    ]
    records = [
        Record(name, str(folder / name), split, score, (3, 0, 2) if score else (), label, name[:3])
        for name, split, score, label in rows
    ]
    gone = ("gone.jpg", str(folder / "gone.jpg"), "listed in labels.csv, but no such file")
    return DataSet("csv", records, ("low", "high"), [gone], (1.0, 7.0))


@pytest.fixture(scope="session")
def prepared(data_set, tmp_path_factory) -> Path:
    """The shard folder of that set, photos resized."""
    out = tmp_path_factory.mktemp("shards")
    prepare(data_set, str(out), SETTINGS, progress=False)
    return out


@pytest.fixture(scope="session")
def kept(data_set, tmp_path_factory) -> Path:
    """The shard folder of that set, files as they are."""
    out = tmp_path_factory.mktemp("kept")
    settings = PreparationSettings(resize=64, shard_photos=2, original_bytes=True)
    prepare(data_set, str(out), settings, progress=False)
    return out


@pytest.fixture(scope="session")
def table() -> Callable[[Path], list[dict[str, str]]]:
    """The rows of a CSV file."""

    def rows(path: Path) -> list[dict[str, str]]:
        with open(path, encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))

    return rows
