"""Data sets by name."""

from __future__ import annotations

import importlib

from aesthkeras.datasets.record import DataSet
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.errors import UsageError
from aesthkeras.settings import require

SOURCES = {
    "folder": "plain_folder",
    "ava": "ava",
    "aadb": "aadb",
    "cuhkpq": "cuhkpq",
    "imagenet": "folder_per_class",
    "places": "folder_per_class",
    "csv": "ratings_csv",
}


def read_dataset(name: str, data_dir: str, settings: DatasetSettings) -> DataSet:
    """What the data set `name` under `data_dir` says of its photos; no photo is opened.

    Args:
        name: one of `SOURCES`: what `--dataset` takes.
        data_dir: the root of the set, in its published layout.
        settings: how to split and label it.

    Returns:
        Records sorted by id, whose files exist; binary labels are 0 (low) and 1 (high).

    Raises:
        UsageError: no such data set, or the layout is not as published; one line that names flag or file.
    """
    if name not in SOURCES:
        raise UsageError(f"dataset={name}: expected one of {' '.join(SOURCES)}")
    for flag in ("score_range", "group_column"):
        require(settings, flag, name == "csv" or not getattr(settings, flag), f"none with dataset={name}")
    source = importlib.import_module(f"aesthkeras.datasets.{SOURCES[name]}")
    data_set: DataSet = source.read(data_dir, settings, name)
    return data_set
