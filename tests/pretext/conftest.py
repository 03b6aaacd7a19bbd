"""A pretext task of one convolution, and sample photos to train it on: whole runs in a second."""

from __future__ import annotations

import dataclasses

import keras
import pytest
import tensorflow as tf

from aesthkeras.photos.inspection import inspect_photos
from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.photos.sources import sample_photos
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.task import PatchLosses, PretextTask

RECIPE = Recipe(width=0.125, resize=120, crop=96, batch_size=4, precision="float32", learning_rate=0.001)


class Brightness(PretextTask):
    """Predicts the mean brightness of a patch that is larger than the encoder's input; two views a patch."""

    views_per_patch = 2
    studies = 0

    @property
    def photo_edge(self) -> int:
        return 110

    @property
    def patch_edge(self) -> int:
        return 104

    def study(self, photos):
        Brightness.studies += 1
        return {"photos": len(photos.paths), "offset": 0.25}

    def recall(self, facts):
        super().recall(facts)
        self.offset = facts["offset"]

    def views(self, batch):
        patches = tf.cast(tf.ensure_shape(batch["patches"], [None, 104, 104, 3]), tf.float32) / 255
        noise = tf.random.stateless_uniform([], batch["seed"])
        return {"image": patches[:, 4:100, 4:100], "brightness": tf.reduce_mean(patches, [1, 2, 3]) + noise}

    def build_encoder(self):
        image = keras.Input([96, 96, 3])
        features = keras.layers.Conv2D(2, 8, 8, kernel_initializer="ones", name="convolution")(image)
        pooled = keras.layers.GlobalAveragePooling2D(name="embedding")(features)
        return keras.Model(image, {"embedding": pooled})

    def build_head(self, encoder):
        offset = keras.initializers.Constant(self.offset)
        return keras.Sequential(
            [
                keras.Input([2]),
                keras.layers.Dense(1, kernel_initializer="zeros", bias_initializer=offset, name="predicted"),
            ]
        )

    def forward(self, encoder, head, batch, training):
        features = encoder(batch["image"], training=training)["embedding"]
        return {"predicted": tf.cast(head(features / 100, training=training)[:, 0], tf.float32)}

    def loss_names(self):
        return ["square"]

    def losses(self, outputs, batch):
        return PatchLosses({"square": (outputs["predicted"] - batch["brightness"]) ** 2}, {})


@pytest.fixture(scope="session")
def brightness():
    """Makes the task with some of the recipe's numbers changed."""

    def make(**changes) -> Brightness:
        return Brightness(recipe=dataclasses.replace(RECIPE, **changes))

    return make


@pytest.fixture(scope="session")
def photos(tmp_path_factory) -> PhotoSet:
    """Five real photos, cached at the edge that the task asks for."""
    folder = str(tmp_path_factory.mktemp("inspection"))
    return inspect_photos(sample_photos()[:5], folder, edge=110, cache="memory", progress=False)
