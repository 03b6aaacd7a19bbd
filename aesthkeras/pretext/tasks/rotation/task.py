"""RotNet (Gidaris et al., ICLR 2018): by how much was the patch turned?

All four rotations of every patch stand in one batch, as in gidariss/FeatureLearningRotNet.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from aesthkeras.degradations.rotation import Rotation
from aesthkeras.pretext.classification import ViewClassification
from aesthkeras.pretext.options import NoOptions
from aesthkeras.pretext.recipe import Recipe

DEGREES = (0, 90, 180, 270)


class RotationTask(ViewClassification):
    """4-way classification of the rotation, anticlockwise."""

    Options = NoOptions
    views_per_patch = len(DEGREES)

    def __init__(self, options: NoOptions, recipe: Recipe, device: str = "cpu") -> None:
        super().__init__(options, recipe, device)
        self.name_classes([str(degrees) for degrees in DEGREES])

    def views(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Adds `views` uint8 `[B, 4, crop, crop, 3]` and `classes` int32 `[B, 4]`, quarter turns."""
        patches = batch["patches"]
        turned = [patches, *(Rotation(degrees)(patches) for degrees in DEGREES[1:])]
        classes = tf.tile(tf.range(self.views_per_patch)[tf.newaxis], [tf.shape(patches)[0], 1])
        return {"views": tf.stack(turned, axis=1), "classes": classes, "photo": batch["photo"]}


TASK = RotationTask
