"""Context (Doersch, Gupta and Efros, ICCV 2015): where does the second patch lie relative to the first?

A grid of patches with gaps is laid on a photo, each patch shifted a little. Every patch is paired with all
its neighbours, and the network predicts which of the eight places around the first the second comes from. All
patches pass through the same convolutions; a head of dense layers takes a pair's features side by side.

The square cut from a photo of `grid_resize` pixels contains the whole grid: 3 patches, 2 gaps and the shifts,
398 pixels with the paper's numbers. As with the authors, the network sees patches as they are: the layers of
the encoder, whatever its own input size, are called on them. Its embedding, which is of a whole input, takes
no part and is not trained: the head has a layer in its place (the paper's fc6).
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from aesthkeras.encoders import blocks
from aesthkeras.encoders.alexnet import EMBEDDING_SIZE, pooled_edge, pooled_features
from aesthkeras.monitoring import pictures
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.task import Tensors
from aesthkeras.pretext.tasks.context import patches as context_patches
from aesthkeras.pretext.tasks.context.options import ContextOptions
from aesthkeras.pretext.view_classification import ViewClassification


@keras.saving.register_keras_serializable(package="aesthkeras")
class ContextTask(ViewClassification):
    """8-way classification of the position of one patch relative to another: a class for each pair."""

    Options = ContextOptions
    options: ContextOptions
    class_names = list(context_patches.POSITION_NAMES)

    def __init__(
        self, options: ContextOptions | None = None, recipe: Recipe | None = None, device: str = "cpu"
    ) -> None:
        super().__init__(options, recipe, device)
        self.views_per_patch = self.options.grid**2
        self.first, self.second, self.positions = context_patches.neighbour_pairs(self.options.grid).T

    @property
    def photo_edge(self) -> int:
        """`grid_resize`."""
        return self.options.grid_resize

    @property
    def patch_edge(self) -> int:
        """The whole grid."""
        return self.options.grid_edge()

    def views(self, batch: Tensors) -> Tensors:
        """`views` float32 `[B, grid^2, patch, patch, 3]` and `classes` int32 `[B, pairs]`."""
        options, count = self.options, self.views_per_patch
        seeds = tf.unstack(tf.random.experimental.stateless_split(batch["seed"], 4))
        squares = tf.ensure_shape(batch["patches"], [None, self.patch_edge, self.patch_edge, 3])
        photos, farthest = tf.shape(squares)[0], options.jitter
        shifts = tf.random.stateless_uniform([photos, count, 2], seeds[0], -farthest, farthest + 1, tf.int32)
        cut = context_patches.cut_grid(squares, options.grid, options.patch, options.gap, shifts)
        patches = tf.reshape(cut, [-1, options.patch, options.patch, 3])
        kept = tf.random.stateless_uniform([photos * count], seeds[1], 0, 3, tf.int32)
        coarseness = context_patches.draw_coarseness(photos * count, options.patch, seeds[2])
        weights = tf.gather(context_patches.coarsening_weights(options.patch, options.patch), coarseness)
        # only the channel that is kept is resized
        channels = context_patches.resize_channels(context_patches.pick_channels(patches, kept), weights)
        views = context_patches.drop_colours(channels, kept, seeds[3])
        views = tf.reshape(views, [-1, count, options.patch, options.patch, 3])
        return {"views": views, "classes": tf.tile(self.positions[np.newaxis], [photos, 1])}

    def build_head(self, encoder: keras.Model) -> keras.Model:
        """A dense layer for each patch of a pair, two and 8 logits for both: the paper's fc6 to fc9."""
        block = blocks.Block(self.recipe.seed, self.recipe.weight_decay)
        values = pooled_edge(self.options.patch) ** 2 * encoder.output["conv5"].shape[-1]
        pair = keras.Input([2, values], name="pair")
        each = block.dense(pair, "patch_features", EMBEDDING_SIZE)
        fused = block.dense(keras.layers.Flatten(name="both")(each), "fusion1", self.options.fusion_units)
        fused = block.dense(fused, "fusion2", self.options.fusion_units)
        return keras.Model(pair, {"logits": self.logits(fused)}, name="context_head")

    def forward(self, encoder: keras.Model, head: keras.Model, batch: Tensors, training: bool) -> Tensors:
        """Logits float32 `[B, pairs, 8]`."""
        views = tf.reshape(batch["views"], [-1, *batch["views"].shape[2:]])
        features = pooled_features(encoder, views, training)
        of_grid = tf.reshape(features, [-1, self.views_per_patch, features.shape[-1]])
        pairs = tf.stack([tf.gather(of_grid, patch, axis=1) for patch in (self.first, self.second)], axis=2)
        logits = head(tf.reshape(pairs, [-1, *pairs.shape[2:]]), training=training)["logits"]
        return {"logits": tf.reshape(logits, [-1, len(self.positions), logits.shape[-1]])}

    def pictures(self, encoder: keras.Model, head: keras.Model, batch: Tensors) -> dict[str, np.ndarray]:
        """Grids as the network sees them, with how many of a patch's neighbours it places; confusions."""
        logits = self.forward(encoder, head, batch, training=False)["logits"]
        is_right = tf.argmax(logits, axis=-1).numpy() == batch["classes"].numpy()
        titles = [
            [
                f"{row[self.first == patch].sum()} of {(self.first == patch).sum()} right"
                for patch in range(self.views_per_patch)
            ]
            for row in is_right
        ]
        views = context_patches.visible(batch["views"].numpy())
        matrix = self.confusion.result().numpy()
        return {
            "grid": pictures.titled_sheet(views, titles),
            "confusion": pictures.confusion_matrix(matrix, self.class_names),
        }


TASK = ContextTask
