"""Split-brain autoencoder (Zhang, Isola and Efros, CVPR 2017): each half of Lab tells the other.

Two networks of half the width: one sees L and tells colours, one sees ab and tells lightness, both as
classification and, unlike colorization, without rebalancing. The encoder is both: RGB in, and each block the
two networks' blocks side by side. Its embedding, twice as long, is both embeddings; each is trained as one
network's view of the whole patch.
"""

from __future__ import annotations

import functools
from typing import Any

import tensorflow as tf
from tensorflow import keras

from aesthkeras import encoders
from aesthkeras.monitoring import constant_prediction
from aesthkeras.pretext import color_bins, color_points, position_head
from aesthkeras.pretext.options import LabOptions
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.task import PatchLosses, PretextTask

LIGHTNESS_BINS = 100
"""One for each whole L."""

SEEN_FOR = {"colors": "L", "lightness": "ab"}
"""What is told, and what the half that tells it sees of Lab; the halves in the order of their channels."""


class SplitBrainTask(PretextTask):
    """L -> 313 colour bins and ab -> 100 bins of lightness at each position of conv5."""

    Options = LabOptions
    views_per_patch = 1

    def __init__(self, options: LabOptions, recipe: Recipe, device: str = "cpu") -> None:
        super().__init__(options, recipe, device)
        self.bins = {"colors": len(color_bins.gamut_bins()), "lightness": LIGHTNESS_BINS}
        self.constant = {
            name: constant_prediction.ConstantPrediction(bins, name=f"{name}_constant")
            for name, bins in self.bins.items()
        }
        self.lowest = {name: keras.metrics.Mean(name=f"{name}_lowest") for name in self.bins}

    def views(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Adds `colors` `[B, H, W, 313]` and `lightness` `[B, H, W, 100]`, float32, H and W being conv5's."""
        lab = color_points.lab_at_positions(batch["patches"], self.recipe)
        whole = tf.clip_by_value(tf.cast(lab[..., 0], tf.int32), 0, LIGHTNESS_BINS - 1)
        return {
            "patches": batch["patches"],
            "colors": color_bins.color_targets(lab[..., 1:], tf.ones([self.bins["colors"]])),
            "lightness": tf.reduce_mean(tf.one_hot(whole, LIGHTNESS_BINS), axis=-2),
        }

    def build_encoder(self) -> Any:
        """Two encoders of half the recipe's width, and their outputs side by side."""
        recipe = self.recipe
        half = functools.partial(
            encoders.build_encoder,
            recipe.encoder_name,
            input_size=recipe.crop,
            width=recipe.width / 2,
            weight_decay=recipe.weight_decay,
        )
        return encoders.split_encoder(half, recipe.crop, recipe.seed, "splitbrain")

    def build_head(self, encoder: Any) -> Any:
        """Logits at each position of conv5: `colors` from the half seeing L, `lightness` from the other."""
        seen = {name: keras.Input(encoder.output[name].shape[1:]) for name in ("conv5", "embedding")}
        halves = {name: tf.split(whole, 2, axis=-1) for name, whole in seen.items()}
        logits = {
            told: position_head.position_logits(
                halves["conv5"][half],
                halves["embedding"][half],
                classes=self.bins[told],
                recipe=self.recipe,
                name=told,
            )
            for half, told in enumerate(SEEN_FOR)
        }
        return keras.Model(seen, logits, name="splitbrain_head")

    def forward(self, encoder: Any, head: Any, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        """Logits `colors` `[B, H, W, 313]` and `lightness` `[B, H, W, 100]`."""
        outputs = encoder(batch["patches"], training=training)
        logits: dict[str, Any] = head({name: outputs[name] for name in head.input}, training=training)
        return logits

    def loss_names(self) -> list[str]:
        """The cross-entropies of both halves, which add up."""
        return list(SEEN_FOR)

    def losses(self, outputs: dict[str, Any], batch: dict[str, Any]) -> PatchLosses:
        """Cross-entropy per patch, the mean over positions."""
        terms = {told: position_head.position_loss(outputs[told], batch[told]) for told in SEEN_FOR}
        return PatchLosses(terms, {})

    def metrics(self) -> list[Any]:
        """What each loss lies between: that of no look at the patch, and that of perfect predictions."""
        return [*self.constant.values(), *self.lowest.values()]

    def update_metrics(
        self, outputs: dict[str, Any], batch: dict[str, Any], patch_losses: PatchLosses
    ) -> None:
        """Counts what was to be told."""
        for told in SEEN_FOR:
            self.constant[told].update_state(batch[told])
            self.lowest[told].update_state(position_head.lowest_loss(batch[told]))

    def epoch_logs(self) -> dict[str, float]:
        """The losses of the best constant predictions, and those of perfect ones: soft targets leave some."""
        logs = {f"{told}/constant": float(self.constant[told].result()) for told in SEEN_FOR}
        return {**logs, **{f"{told}/lowest": float(self.lowest[told].result()) for told in SEEN_FOR}}

    def pictures(self, encoder: Any, head: Any, batch: dict[str, Any]) -> dict[str, Any]:
        """Some patches, L with the colours told from it, and the true colours with the lightness told."""
        logits = self.forward(encoder, head, batch, training=False)
        columns = color_points.colorization(batch["patches"], logits["colors"], self.recipe)
        columns["lightness told"] = color_points.relit(batch["patches"], logits["lightness"], self.recipe)
        return {"splitbrain": color_points.sheet(columns)}


TASK = SplitBrainTask
