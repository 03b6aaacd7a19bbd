"""RotNet (Gidaris et al., ICLR 2018): by how much was the patch turned?

All four rotations of every patch are in one batch, as in gidariss/FeatureLearningRotNet.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from aesthkeras.pretext.task import Tensors
from aesthkeras.pretext.view_classification import ViewClassification

DEGREES = (0, 90, 180, 270)


@keras.saving.register_keras_serializable(package="aesthkeras")
class RotationTask(ViewClassification):
    """4-way classification of the rotation, anticlockwise."""

    views_per_patch = len(DEGREES)
    class_names = [str(degrees) for degrees in DEGREES]

    def views(self, batch: Tensors) -> Tensors:
        """Adds `views` uint8 `[B, 4, crop, crop, 3]` and `classes` int32 `[B, 4]`, quarter turns."""
        patches = batch["patches"]
        turned = [patches, *(tf.image.rot90(patches, degrees // 90) for degrees in DEGREES[1:])]
        classes = tf.tile(tf.range(self.views_per_patch)[tf.newaxis], [tf.shape(patches)[0], 1])
        views = tf.concat(
            [view[:, tf.newaxis] for view in turned], axis=1
        )  # `stack` has no GPU kernel for uint8
        return {"views": views, "classes": classes, "photo": batch["photo"]}


TASK = RotationTask
