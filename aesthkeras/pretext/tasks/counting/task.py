"""Counting (Noroozi, Pirsiavash and Favaro, ICCV 2017): the parts of a photo hold what the whole holds.

A counter phi sees a square x twice: halved (D x), and as four tiles of the same size as D x (T_1 x .. T_4 x).
It learns that phi(D x) = sum_j phi(T_j x), and, lest it count nothing, that the same does not hold for D y of
another photo y. Zero everywhere, or any other constant, leaves a loss of exactly M or more: what lies below M
was learned.

Scale: x is a square of 2 x `crop` pixels from a photo whose shorter edge is 2 x `resize`. So D x is what
probing and serving show the encoder, a square of `crop` pixels at a shorter edge of `resize`, and the tiles
are of that size without being resized. (Cut at `resize` itself, tiles would have to be enlarged, and
the network could tell them from D x by their blur.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tensorflow as tf
from tensorflow import keras

from aesthkeras.errors import UsageError
from aesthkeras.monitoring import pictures
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.task import PatchLosses, PretextTask
from aesthkeras.pretext.tasks.counting import losses
from aesthkeras.pretext.tasks.counting.options import CountingOptions

if TYPE_CHECKING:
    from aesthkeras.photos.photo_set import PhotoSet


TILES = 4
# The paper draws the way of halving anew for each batch: from one alone the network would learn its traces.
HALVINGS = ("area", "bilinear", "bicubic", "lanczos3")
# CaffeNet's for its last layer. A usual initialisation begins with distances of some hundred beside a margin
# of 10, and the counters are silenced for good before they count anything.
COUNTER_DEVIATION = 0.003


class CountingTask(PretextTask):
    """phi(D x) against the sum of phi over the four tiles, and against phi(D y) of another photo."""

    Options = CountingOptions
    views_per_patch = 1 + TILES

    def __init__(self, options: CountingOptions, recipe: Recipe, device: str = "cpu") -> None:
        super().__init__(options, recipe, device)
        self.told_apart = keras.metrics.Mean(name="told_apart")
        self.violations = keras.metrics.Mean(name="violations")
        self.other_distances = keras.metrics.Mean(name="other_distance")
        self.count_norms = keras.metrics.Mean(name="count_norm")
        self.active_counters = keras.metrics.Mean(name="active_counters")

    @property
    def photo_edge(self) -> int:
        """Twice the recipe's, so that the halved square is at the scale of probing."""
        return 2 * self.recipe.resize

    @property
    def patch_edge(self) -> int:
        """Two tiles."""
        return 2 * self.recipe.crop

    def study(self, photos: PhotoSet) -> dict[str, Any]:
        """Nothing to remember, but two photos there must be.

        Raises:
            UsageError: there is one only.
        """
        if len(photos.paths) < 2:
            raise UsageError("data_dir: expected at least 2 photos, counting contrasts one with another")
        return {}

    def views(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Adds `views` uint8 `[B, 5, crop, crop, 3]`, the halved square and its tiles in reading order.

        `partner` int32 `[B]` is the index of a patch of another photo, `has_partner` bool `[B]` whether the
        batch has one.
        """
        seeds = tf.unstack(tf.random.experimental.stateless_split(batch["seed"], 3))
        patches = self._some_in_gray(tf.cast(batch["patches"], tf.float32), seeds[0])
        views = tf.concat([self._halved(patches, seeds[1])[:, tf.newaxis], self._tiles(patches)], axis=1)
        partner, has_partner = losses.other_photo(batch["photo"], seeds[2])
        views = tf.cast(tf.clip_by_value(tf.round(views), 0.0, 255.0), tf.uint8)
        return {"views": views, "partner": partner, "has_partner": has_partner}

    def _some_in_gray(self, patches: Any, seed: Any) -> Any:
        chances = tf.random.stateless_uniform([tf.shape(patches)[0], 1, 1, 1], seed)
        gray = tf.image.grayscale_to_rgb(tf.image.rgb_to_grayscale(patches))
        return tf.where(chances < self.options.gray_share, gray, patches)

    def _halved(self, patches: Any, seed: Any) -> Any:
        """D x: half the edge, antialiased, by a method drawn for the whole batch."""
        size = [self.recipe.crop] * 2

        def by(method: str) -> Any:
            return lambda: tf.image.resize(patches, size, method, antialias=True)

        method = tf.random.stateless_uniform([], seed, 0, len(HALVINGS), tf.int32)
        return tf.ensure_shape(tf.switch_case(method, [by(method) for method in HALVINGS]), [None, *size, 3])

    def _tiles(self, patches: Any) -> Any:
        """T_1 x .. T_4 x: upper left, upper right, lower left, lower right."""
        crop = self.recipe.crop
        tiles = tf.transpose(tf.reshape(patches, [-1, 2, crop, 2, crop, 3]), [0, 1, 3, 2, 4, 5])
        return tf.reshape(tiles, [-1, TILES, crop, crop, 3])

    def build_head(self, encoder: Any) -> Any:
        """One dense layer with ReLU from the embedding to the counters: what fc8 is in the paper."""
        embedding = keras.Input(encoder.output["embedding"].shape[1:], name="embedding")
        counts = keras.layers.Dense(
            self.options.counters,
            activation="relu",
            name="counts",
            dtype="float32",
            kernel_initializer=keras.initializers.RandomNormal(
                stddev=COUNTER_DEVIATION, seed=self.recipe.seed
            ),
            kernel_regularizer=keras.regularizers.l2(self.recipe.weight_decay / 2),
        )(embedding)
        return keras.Model(embedding, {"counts": counts}, name="counter")

    def forward(self, encoder: Any, head: Any, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        """Counts float32 `[B, 5, counters]`, all >= 0, of all views in one pass."""
        views = batch["views"]
        embedding = encoder(tf.reshape(views, [-1, *views.shape[2:]]), training=training)["embedding"]
        counts = head(embedding, training=training)["counts"]
        return {"counts": tf.reshape(counts, [-1, self.views_per_patch, self.options.counters])}

    def loss_names(self) -> list[str]:
        """Counts that should agree, and counts that should not."""
        return ["counting", "contrastive"]

    def losses(self, outputs: dict[str, Any], batch: dict[str, Any]) -> PatchLosses:
        """Both terms per patch.

        A patch without another photo in its batch is left out of both: the first term alone would pull the
        counts to zero.
        """
        own, other = self._distances(outputs, batch)
        terms = {
            "counting": own,
            "contrastive": losses.contrastive_hinge(other, self.options.counting_margin),
        }
        return PatchLosses(terms, scales={}, patch_weights=tf.cast(batch["has_partner"], tf.float32))

    def _distances(self, outputs: dict[str, Any], batch: dict[str, Any]) -> tuple[Any, Any]:
        """Squared distances of phi(D x) and of phi(D y) to the sum over the tiles of x, float32 `[B]`."""
        whole, tiles = outputs["counts"][:, 0], outputs["counts"][:, 1:]
        own = losses.squared_distances(whole, tiles)
        return own, losses.squared_distances(tf.gather(whole, batch["partner"]), tiles)

    def metrics(self) -> list[Any]:
        """What shows that the counter counts: all 0 (`violations` 1, `told_apart` 0) where it collapsed."""
        return [
            self.told_apart,
            self.violations,
            self.other_distances,
            self.count_norms,
            self.active_counters,
        ]

    def update_metrics(
        self, outputs: dict[str, Any], batch: dict[str, Any], patch_losses: PatchLosses
    ) -> None:
        """Compares the two distances of each patch, and looks at the size of the counts."""
        own, other = self._distances(outputs, batch)
        has_partner = tf.cast(batch["has_partner"], tf.float32)
        self.told_apart.update_state(own < other, sample_weight=has_partner)
        self.violations.update_state(other < self.options.counting_margin, sample_weight=has_partner)
        self.other_distances.update_state(other, sample_weight=has_partner)
        self.count_norms.update_state(tf.norm(outputs["counts"][:, 0], axis=-1))
        self.active_counters.update_state(outputs["counts"] > 0)

    def step_logs(self) -> dict[str, Any]:
        """Share of the patches whose tiles add up to their own whole rather than to another photo's."""
        return {"told_apart": self.told_apart.result()}

    def epoch_logs(self) -> dict[str, float]:
        """Contrastive violations, distance to the other photo, mean norm of phi(D x), share of counts > 0."""
        return {metric.name: float(metric.result()) for metric in self.metrics()[1:]}

    def pictures(self, encoder: Any, head: Any, batch: dict[str, Any]) -> dict[str, Any]:
        """The views with the sum of their counts, and both distances of every patch of the batch."""
        outputs = self.forward(encoder, head, batch, training=False)
        totals = tf.reduce_sum(outputs["counts"], axis=-1).numpy()
        titles = [
            [f"whole: {row[0]:.2f}", *(f"tile: {value:.2f} of {sum(row[1:]):.2f}" for value in row[1:])]
            for row in totals
        ]
        own, other = self._distances(outputs, batch)
        distances = {"its own tiles": own.numpy(), "another photo's": other.numpy()[batch["has_partner"]]}
        return {
            "views": pictures.titled_sheet(batch["views"].numpy(), titles),
            "distances": pictures.histograms(
                distances, "squared distance of the counts", self.options.counting_margin
            ),
        }


TASK = CountingTask
