"""A folder of photos about which nothing is known: for pre-training."""

from __future__ import annotations

import os

from aesthkeras.datasets.assembly import assemble
from aesthkeras.datasets.listing import relative
from aesthkeras.datasets.record import DataSet, Record
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.files import printable
from aesthkeras.photos.sources import SAMPLES, find_photos


def read(data_dir: str, settings: DatasetSettings, name: str = "folder") -> DataSet:
    """Every photo under `data_dir`, no labels, no split unless `settings.split` asks for one.

    Ids are paths relative to `data_dir`; the embedded `samples` go by their file names.

    Raises:
        UsageError: see `find_photos`.
    """
    paths = find_photos(data_dir)
    if data_dir == SAMPLES:
        records = [Record(os.path.basename(path), path) for path in paths]
    else:
        records = [Record(printable(relative(path, data_dir)), path) for path in paths]
    return assemble(DataSet(name, records, left_out=[]), settings, f"data_dir={data_dir}")
