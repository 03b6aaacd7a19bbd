"""Counting (Noroozi, Pirsiavash and Favaro, ICCV 2017): the parts of a photo contain what the whole contains.

A counter phi sees a square x twice: halved (D x), and as four tiles of the same size as D x (T_1 x .. T_4 x).
It learns that phi(D x) = sum_j phi(T_j x), and, so that it does count, that the same does not hold for D y of
another photo y. A counter that is 0 everywhere, or any other constant, has a loss of M or more. What was
learned beyond an untrained counter, which is no constant, says `training.learned`.

Scale: x is a square of 2 x `crop` pixels from a photo whose shorter edge is 2 x `resize`. So D x is what
probing and serving show the encoder, a square of `crop` pixels at a shorter edge of `resize`, and the tiles
have that size without being resized. (From a photo of `resize` they would have to be enlarged, and their blur
would distinguish them from D x.)
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aesthkeras.errors import UsageError
from aesthkeras.monitoring import pictures
from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.task import PatchLosses, PretextTask, Tensors, encode_views
from aesthkeras.pretext.tasks.counting import losses
from aesthkeras.pretext.tasks.counting.options import CountingOptions
from aesthkeras.training.replicas import gathered, own_rows

TILES = 4
# The paper draws the filter for each batch: from a single one the network would learn its artefacts.
HALVINGS = ("area", "bilinear", "bicubic", "lanczos3")
# CaffeNet's for its last layer. With a usual initialisation the distances start at some hundred, far above
# the margin of 10, and all counters drop to 0 for good before they count anything.
COUNTER_DEVIATION = 0.003
MEANS = ("told_apart", "violations", "other_distance", "count_norm", "active_counters")


def halving_weights(edge: int) -> np.ndarray:
    """The matrices that halve a row of pixels, one for each of `HALVINGS`: float32 `[4, edge, 2 edge]`."""
    with tf.init_scope():  # eagerly, even while a graph is traced
        rows = tf.eye(2 * edge)[..., tf.newaxis]
        resized = [tf.image.resize(rows, [edge, 2 * edge], method, antialias=True) for method in HALVINGS]
        return tf.stack(resized)[..., 0].numpy()


@keras.saving.register_keras_serializable(package="aesthkeras")
class CountingTask(PretextTask):
    """phi(D x) against the sum of phi over the four tiles, and against phi(D y) of another photo."""

    Options = CountingOptions
    options: CountingOptions
    views_per_patch = 1 + TILES

    def __init__(
        self, options: CountingOptions | None = None, recipe: Recipe | None = None, device: str = "cpu"
    ) -> None:
        super().__init__(options, recipe, device)
        self.means = {name: keras.metrics.Mean(name=name) for name in MEANS}

    @property
    def photo_edge(self) -> int:
        """Twice the recipe's, so that the halved square is at the scale of probing."""
        return 2 * self.recipe.resize

    @property
    def patch_edge(self) -> int:
        """Two tiles."""
        return 2 * self.recipe.crop

    def study(self, photos: PhotoSet) -> dict[str, Any]:
        """Nothing to remember, but one photo is not enough: raises `UsageError`."""
        if len(photos.paths) < 2:
            raise UsageError("data_dir: expected at least 2 photos, counting contrasts one with another")
        return {}

    def views(self, batch: Tensors) -> Tensors:
        """Adds `views` uint8 `[B, 5, crop, crop, 3]`, the halved square and its tiles in reading order.

        With `photo` int64 `[B]` and `partner_seeds` int32 `[B, 2]`, all the same, `forward` finds for each a
        patch of another photo.
        """
        seeds = tf.unstack(tf.random.experimental.stateless_split(batch["seed"], 3))
        patches = self._some_in_gray(tf.cast(batch["patches"], tf.float32), seeds[0])
        views = tf.concat([self._halved(patches, seeds[1])[:, tf.newaxis], self._tiles(patches)], axis=1)
        views = tf.cast(tf.clip_by_value(tf.round(views), 0.0, 255.0), tf.uint8)
        partner_seeds = tf.tile(seeds[2][tf.newaxis], [tf.shape(patches)[0], 1])
        return {"views": views, "photo": batch["photo"], "partner_seeds": partner_seeds}

    def _some_in_gray(self, patches: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        chances = tf.random.stateless_uniform([tf.shape(patches)[0], 1, 1, 1], seed)
        gray = tf.image.grayscale_to_rgb(tf.image.rgb_to_grayscale(patches))
        return tf.where(chances < self.options.gray_share, gray, patches)

    def _halved(self, patches: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """D x: half the edge, antialiased, by a method drawn for the whole batch.

        As a product with the method's matrix: TensorFlow's own resizing has GPU kernels for none of them.
        """
        method = tf.random.stateless_uniform([], seed, 0, len(HALVINGS), tf.int32)
        weights = tf.gather(halving_weights(self.recipe.crop), method)
        return tf.einsum("th,nhwc,uw->ntuc", weights, patches, weights)

    def _tiles(self, patches: tf.Tensor) -> tf.Tensor:
        """T_1 x .. T_4 x: upper left, upper right, lower left, lower right."""
        crop = self.recipe.crop
        tiles = tf.transpose(tf.reshape(patches, [-1, 2, crop, 2, crop, 3]), [0, 1, 3, 2, 4, 5])
        return tf.reshape(tiles, [-1, TILES, crop, crop, 3])

    def build_head(self, encoder: keras.Model) -> keras.Model:
        """One dense layer with ReLU from the embedding to the counters, like the paper's fc8."""
        embedding = keras.Input(encoder.output["embedding"].shape[1:], name="embedding")
        initializer = keras.initializers.RandomNormal(stddev=COUNTER_DEVIATION, seed=self.recipe.seed)
        counts = keras.layers.Dense(
            self.options.counters,
            activation="relu",
            name="counts",
            dtype="float32",
            kernel_initializer=initializer,
            kernel_regularizer=keras.regularizers.l2(self.recipe.weight_decay / 2),
        )(embedding)
        return keras.Model(embedding, {"counts": counts}, name="counter")

    def forward(self, encoder: keras.Model, head: keras.Model, batch: Tensors, training: bool) -> Tensors:
        """Counts float32 `[B, 5, counters]`, all >= 0, and `other` `[B, counters]`: phi(D y).

        y, of another photo, may be in the share of the batch that another replica has. `has_partner` bool
        `[B]` says whether there is another photo.
        """
        embedding = encode_views(encoder, batch["views"], training)["embedding"]
        counts = head(embedding, training=training)["counts"]
        counts = tf.reshape(counts, [-1, self.views_per_patch, self.options.counters])
        partner, has_partner = losses.other_photo(gathered(batch["photo"]), batch["partner_seeds"][0])
        other = tf.gather(gathered(counts[:, 0]), own_rows(partner))
        return {"counts": counts, "other": other, "has_partner": own_rows(has_partner)}

    def loss_names(self) -> list[str]:
        """Counts that should agree, and counts that should not."""
        return ["counting", "contrastive"]

    def losses(self, outputs: Tensors, batch: Tensors) -> PatchLosses:
        """Both terms of the paper's contrastive loss per patch.

        A patch without another photo in its batch is left out of both: the first term alone would pull the
        counts to zero.
        """
        own, other = self._distances(outputs)
        contrastive = losses.contrastive_hinge(other, self.options.counting_margin)
        terms = {"counting": own, "contrastive": contrastive}
        return PatchLosses(terms, patch_weights=tf.cast(outputs["has_partner"], tf.float32))

    def _distances(self, outputs: Tensors) -> tuple[tf.Tensor, tf.Tensor]:
        """Squared distances of phi(D x) and of phi(D y) to the sum over the tiles of x, float32 `[B]`."""
        whole, tiles = outputs["counts"][:, 0], outputs["counts"][:, 1:]
        own = losses.count_distances(whole, tiles)
        return own, losses.count_distances(outputs["other"], tiles)

    def metrics(self) -> list[keras.metrics.Metric]:
        """What shows that the counter counts: where it collapsed all are 0, and `violations` is 1."""
        return list(self.means.values())

    def update_metrics(self, outputs: Tensors, batch: Tensors, patch_losses: PatchLosses) -> None:
        """Compares the two distances of each patch, and adds the size of the counts."""
        own, other = self._distances(outputs)
        has_partner = tf.cast(outputs["has_partner"], tf.float32)
        inside_margin = other < self.options.counting_margin
        self.means["told_apart"].update_state(own < other, sample_weight=has_partner)
        self.means["violations"].update_state(inside_margin, sample_weight=has_partner)
        self.means["other_distance"].update_state(other, sample_weight=has_partner)
        self.means["count_norm"].update_state(tf.norm(outputs["counts"][:, 0], axis=-1))
        self.means["active_counters"].update_state(outputs["counts"] > 0)

    def step_logs(self) -> Tensors:
        """Share of the patches whose tiles add up to their own whole rather than to another photo's."""
        return {"told_apart": self.means["told_apart"].result()}

    def epoch_logs(self) -> dict[str, float]:
        """Share of patches inside the margin, distance to the other photo, norm of phi(D x), counts > 0."""
        return {name: float(mean.result()) for name, mean in self.means.items() if name != "told_apart"}

    def pictures(self, encoder: keras.Model, head: keras.Model, batch: Tensors) -> dict[str, np.ndarray]:
        """The views with the sum of their counts, and both distances of every patch of the batch."""
        outputs = self.forward(encoder, head, batch, training=False)
        totals = tf.reduce_sum(outputs["counts"], axis=-1).numpy()
        titles = [
            [f"whole: {row[0]:.2f}", *(f"tile: {value:.2f} of {sum(row[1:]):.2f}" for value in row[1:])]
            for row in totals
        ]
        own, other = self._distances(outputs)
        distances = {"its own tiles": own.numpy(), "another photo's": other.numpy()[outputs["has_partner"]]}
        label, margin = "squared distance of the counts", self.options.counting_margin
        return {
            "views": pictures.titled_sheet(batch["views"].numpy(), titles),
            "distances": pictures.histograms(distances, label, margin),
        }


TASK = CountingTask
