"""Data sets by name."""

from __future__ import annotations

import os
from collections.abc import Callable

from aesthkeras.datasets import aadb, ava, cuhkpq, folder_per_class, plain_folder, ratings_csv, xmp_stars
from aesthkeras.datasets.record import DataSet
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.errors import UsageError
from aesthkeras.files import printable
from aesthkeras.settings import require

CSV, XMP = "csv", "xmp"

# name -> what reads `data_dir` with some settings; the name goes into the data set
SOURCES: dict[str, Callable[[str, DatasetSettings, str], DataSet]] = {
    "folder": plain_folder.read,
    "ava": ava.read,
    "aadb": aadb.read,
    "cuhkpq": cuhkpq.read,
    "imagenet": folder_per_class.read,
    "places": folder_per_class.read,
    CSV: ratings_csv.read,
    XMP: xmp_stars.read,
}


def read_dataset(dataset: str, data_dir: str, settings: DatasetSettings) -> DataSet:
    """Reads the lists and folders of a data set; no photo is opened.

    Args:
        dataset: one of `SOURCES`.
        data_dir: the root of the set, in its published layout.
        settings: how to split and label it.

    Returns:
        Records sorted by id, whose files exist; binary labels are 0 (low) and 1 (high).

    Raises:
        UsageError: no such data set, or the layout is not as published; one line that names argument or file.
    """
    if dataset not in SOURCES:
        raise UsageError(f"dataset={dataset}: expected one of {' '.join(SOURCES)}")
    for name in ("score_range", "group_column"):
        applies = dataset == CSV or not getattr(settings, name)
        require(settings, name, applies, f"none with dataset={dataset}")
    return SOURCES[dataset](data_dir, settings, dataset)


def title_of(dataset: str, data_dir: str) -> str:
    """Returns what tables call a data set: its name, but somebody's own ratings go by their folder's name."""
    return printable(os.path.basename(os.path.abspath(data_dir))) if dataset in (CSV, XMP) else dataset
