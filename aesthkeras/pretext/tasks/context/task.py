"""Context (Doersch, Gupta and Efros, ICCV 2015): where does the second patch lie relative to the first?

A 3x3 grid of patches with gaps is laid on a photo, each patch shifted a little. The network sees the one in
the middle and one of the eight around it, and predicts which. Both pass through the same encoder; a head of
dense layers takes their embeddings side by side.

The square cut from a photo of `grid_resize` pixels contains the whole grid: 3 patches, 2 gaps and the shifts,
398 pixels with the paper's numbers. Patches of another size than the encoder's input are resized to it.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from aesthkeras.encoders import blocks
from aesthkeras.monitoring import pictures
from aesthkeras.pretext.task import Tensors, encode_views
from aesthkeras.pretext.tasks.context import patches as context_patches
from aesthkeras.pretext.tasks.context.options import ContextOptions
from aesthkeras.pretext.view_classification import ViewClassification

PAIR = 2


@keras.saving.register_keras_serializable(package="aesthkeras")
class ContextTask(ViewClassification):
    """8-way classification of the position of one patch relative to another: one class for two views."""

    Options = ContextOptions
    options: ContextOptions
    views_per_patch = PAIR
    class_names = list(context_patches.POSITION_NAMES)

    @property
    def photo_edge(self) -> int:
        """`grid_resize`."""
        return self.options.grid_resize

    @property
    def patch_edge(self) -> int:
        """The whole grid."""
        return self.options.grid_edge()

    def views(self, batch: Tensors) -> Tensors:
        """`views` float32 `[B, 2, crop, crop, 3]`, middle patch and other; `classes` int32 `[B, 1]`."""
        options, crop = self.options, self.recipe.crop
        seeds = tf.unstack(tf.random.experimental.stateless_split(batch["seed"], 5))
        count = tf.shape(batch["patches"])[0]
        places = len(context_patches.POSITIONS)
        positions = tf.random.stateless_uniform([count], seeds[0], 0, places, tf.int32)
        farthest = options.jitter
        shifts = tf.random.stateless_uniform([count, PAIR, 2], seeds[1], -farthest, farthest + 1, tf.int32)
        squares = tf.ensure_shape(batch["patches"], [None, self.patch_edge, self.patch_edge, 3])
        pairs = context_patches.cut_pairs(squares, positions, options.patch, options.gap, shifts)
        patches = tf.reshape(pairs, [-1, options.patch, options.patch, 3])
        kept = tf.random.stateless_uniform([PAIR * count], seeds[2], 0, 3, tf.int32)
        coarseness = context_patches.draw_coarseness(PAIR * count, options.patch, seeds[3])
        weights = tf.gather(context_patches.coarsening_weights(options.patch, crop), coarseness)
        # only the channel that is kept is resized
        channels = context_patches.resize_channels(context_patches.pick_channels(patches, kept), weights)
        views = context_patches.drop_colours(channels, kept, seeds[4])
        views = tf.reshape(views, [-1, PAIR, crop, crop, 3])
        return {"views": views, "classes": positions[:, tf.newaxis]}

    def build_head(self, encoder: keras.Model) -> keras.Model:
        """Two dense layers and 8 logits over both embeddings side by side: the paper's fc7 to fc9."""
        block = blocks.Block(self.recipe.seed, self.recipe.weight_decay)
        pair = keras.Input([PAIR * encoder.output["embedding"].shape[-1]], name="pair")
        fused = block.dense(pair, "fusion1", self.options.fusion_units)
        fused = block.dense(fused, "fusion2", self.options.fusion_units)
        return keras.Model(pair, {"logits": self.logits(fused)}, name="context_head")

    def forward(self, encoder: keras.Model, head: keras.Model, batch: Tensors, training: bool) -> Tensors:
        """Logits float32 `[B, 1, 8]`."""
        embedding = encode_views(encoder, batch["views"], training)["embedding"]
        pair = tf.reshape(embedding, [-1, PAIR * embedding.shape[-1]])
        return {"logits": head(pair, training=training)["logits"][:, tf.newaxis]}

    def pictures(self, encoder: keras.Model, head: keras.Model, batch: Tensors) -> dict[str, np.ndarray]:
        """Pairs as the network sees them, with true and predicted position; the epoch's confusion matrix."""
        names, true = self.class_names, batch["classes"].numpy()
        predicted = tf.argmax(self.forward(encoder, head, batch, training=False)["logits"], axis=-1).numpy()
        middle = np.full_like(true, len(names))
        true, predicted = (np.concatenate([middle, classes], axis=1) for classes in (true, predicted))
        views = context_patches.visible(batch["views"].numpy())
        return {
            "pairs": pictures.view_sheet(views, true, predicted, [*names, "middle"]),
            "confusion": pictures.confusion_matrix(self.confusion.result().numpy(), names),
        }


TASK = ContextTask
