"""The class of each photo of a set: from its folder, or from its shard."""

from __future__ import annotations

import os

from aesthkeras.datasets.class_names import require_distinct
from aesthkeras.datasets.record import split_named
from aesthkeras.errors import UsageError
from aesthkeras.files import printable
from aesthkeras.photos.photo_set import PhotoSet

EXPECTED_CLASSES = "task=labels expects photos in a folder per class, or shards with labels"


def class_labels(photos: PhotoSet) -> list[str]:
    """The name of each photo's class, in the order of the photos.

    Raises:
        UsageError: a photo has no class, the folders are the parts of a data set, or there is one class only.
    """
    names = _shard_labels(photos) if photos.slices else _folder_labels(photos)
    if len(set(names)) < 2:
        raise UsageError(f"data_dir: found one class only, {names[0]}; {EXPECTED_CLASSES}")
    require_distinct(set(names), f"data_dir={photos.folder}")
    return names


def _folder_labels(photos: PhotoSet) -> list[str]:
    """The first folder below `--data_dir`."""
    if not photos.folder:
        raise UsageError(f"data_dir=samples: {EXPECTED_CLASSES}")
    names = []
    for path in photos.paths:
        first, *deeper = os.path.relpath(path, photos.folder).split(os.sep)
        if not deeper or first == os.pardir:
            raise UsageError(f"{path}: lies in no class folder; {EXPECTED_CLASSES}")
        names.append(printable(first))
    splits = {name: split for name in sorted(set(names)) if (split := split_named(name))}
    # a class may be called "train"; beside a "val" it is a part
    if len(splits) == len(set(names)) or {"train"} < set(splits.values()):
        trains = next((name for name, split in splits.items() if split == "train"), next(iter(splits)))
        raise UsageError(
            f"data_dir={photos.folder}: found the parts of a data set, {', '.join(splits)}, not classes; "
            f"expected data_dir={os.path.join(photos.folder, trains)}"
        )
    return names


def _shard_labels(photos: PhotoSet) -> list[str]:
    if photos.labels is None or photos.labels.min() < 0:
        raise UsageError(f"data_dir: found shards in which a photo has no label; {EXPECTED_CLASSES}")
    return [photos.classes[label] for label in photos.labels]
