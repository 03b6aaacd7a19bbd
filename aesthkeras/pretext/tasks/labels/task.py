"""Supervised classification with the labels of a data set: the row that Table 2 calls "ImageNet labels".

A photo's class is the first folder below --data_dir, or the label in its shard. (Places has folders of
letters above its classes: use `prepare` to make shards of it.)
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from aesthkeras.datasets.class_labels import class_labels
from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.pretext.task import Tensors
from aesthkeras.pretext.view_classification import ViewClassification


@keras.saving.register_keras_serializable(package="aesthkeras")
class LabelsTask(ViewClassification):
    """Classification of the photo that the patch is cut from, by the labels of a data set."""

    views_per_patch = 1

    def study(self, photos: PhotoSet) -> dict[str, Any]:
        """The names of the classes, and the class of each photo by index."""
        names = class_labels(photos)
        classes = sorted(set(names))
        index = {name: place for place, name in enumerate(classes)}
        return {"classes": classes, "labels": [index[name] for name in names]}

    def recall(self, facts: dict[str, Any]) -> None:
        """Takes classes and labels."""
        super().recall(facts)
        self.name_classes(facts["classes"])
        self.labels = tf.constant(facts["labels"], tf.int32)

    def views(self, batch: Tensors) -> Tensors:
        """Adds `views` uint8 `[B, 1, crop, crop, 3]` and `classes` int32 `[B, 1]`."""
        classes = tf.gather(self.labels, batch["photo"])
        return {
            "views": batch["patches"][:, tf.newaxis],
            "classes": classes[:, tf.newaxis],
            "photo": batch["photo"],
        }


TASK = LabelsTask
