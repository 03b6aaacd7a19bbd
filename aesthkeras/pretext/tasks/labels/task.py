"""Supervised classification with the labels of a data set: the row that Table 2 calls "ImageNet labels".

A photo's class is the first folder below --data_dir, or the label that its shard tells (Places, whose classes
lie in folders of letters, goes through `prepare`).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from aesthkeras.datasets.listing import printable
from aesthkeras.errors import UsageError
from aesthkeras.pretext.classification import ViewClassification
from aesthkeras.pretext.options import NoOptions

if TYPE_CHECKING:
    from aesthkeras.photos.photo_set import PhotoSet


EXPECTED = "task=labels expects photos in a folder per class, or shards with labels"
PARTS = {"train", "val", "validation", "test"}


class LabelsTask(ViewClassification):
    """Tells the class of the photo that the patch is cut from."""

    Options = NoOptions
    views_per_patch = 1

    def study(self, photos: PhotoSet) -> dict[str, Any]:
        """The names of the classes, and the class of each photo by index."""
        names = shard_labels(photos) if photos.slices else folder_labels(photos)
        classes = sorted(set(names))
        if len(classes) < 2:
            raise UsageError(f"data_dir: found one class only, {classes[0]}; {EXPECTED}")
        index = {name: place for place, name in enumerate(classes)}
        return {"classes": classes, "labels": [index[name] for name in names]}

    def recall(self, facts: dict[str, Any]) -> None:
        """Takes classes and labels."""
        self.name_classes(facts["classes"])
        self.labels = tf.constant(facts["labels"], tf.int32)

    def views(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Adds `views` uint8 `[B, 1, crop, crop, 3]` and `classes` int32 `[B, 1]`."""
        classes = tf.gather(self.labels, batch["photo"])
        return {
            "views": batch["patches"][:, tf.newaxis],
            "classes": classes[:, tf.newaxis],
            "photo": batch["photo"],
        }


def folder_labels(photos: PhotoSet) -> list[str]:
    """The name of each photo's class: the first folder below `--data_dir`.

    Raises:
        UsageError: a photo lies in no folder, the folders are the parts of a data set, or there are none.
    """
    if not photos.folder:
        raise UsageError(f"data_dir=samples: {EXPECTED}")
    names = []
    for path in photos.paths:
        first, *deeper = os.path.relpath(path, photos.folder).split(os.sep)
        if not deeper or first == os.pardir:
            raise UsageError(f"{path}: lies in no class folder; {EXPECTED}")
        names.append(printable(first))
    parts = sorted(set(names))
    if set(parts) <= PARTS:
        raise UsageError(
            f"data_dir={photos.folder}: found the parts of a data set, {', '.join(parts)}, not classes; "
            f"expected data_dir={os.path.join(photos.folder, 'train')}"
        )
    return names


def shard_labels(photos: PhotoSet) -> list[str]:
    """The name of each photo's class, as the shards tell it.

    Raises:
        UsageError: a photo has none.
    """
    if photos.labels is None or photos.labels.min() < 0:
        raise UsageError(f"data_dir: these shards do not tell a label of every photo; {EXPECTED}")
    return [photos.classes[label] for label in photos.labels]


TASK = LabelsTask
