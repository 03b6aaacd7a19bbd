"""What colorization and split-brain share: a distribution over bins at each position of conv5."""

from __future__ import annotations

from typing import ClassVar

import keras
import numpy as np
import tensorflow as tf

from aesthkeras.encoders.positions import conv5_centers
from aesthkeras.encoders.split import ChannelShare
from aesthkeras.monitoring.constant_prediction import ConstantPrediction
from aesthkeras.monitoring.lab_pictures import at_all_pixels
from aesthkeras.pretext.color_bins import annealed_mean, lab_of
from aesthkeras.pretext.options import LabOptions, TaskOptions
from aesthkeras.pretext.position_head import position_logits
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.task import PatchLosses, PretextTask, Tensors


class PositionClassification(PretextTask):
    """Soft targets `[B, H, W, bins]` by name, H and W being conv5's; one cross-entropy for each.

    Derived classes name the targets and their bins, and make `patches` and the targets in `views`. Several
    targets share the encoder's channels equally: the first is predicted from the first ones, and so on.
    """

    Options = LabOptions
    views_per_patch = 1

    bins: ClassVar[dict[str, int]]
    """The number of bins of each target, by its name; one is `colors`, over the bins of `color_bins`."""

    def __init__(
        self, options: TaskOptions | None = None, recipe: Recipe | None = None, device: str = "cpu"
    ) -> None:
        super().__init__(options, recipe, device)
        self.constant = {
            name: ConstantPrediction(count, name=f"{name}_constant") for name, count in self.bins.items()
        }
        self.lowest = {name: keras.metrics.Mean(name=f"{name}_lowest") for name in self.bins}

    def lab_at_positions(self, patches: tf.Tensor) -> tf.Tensor:
        """CIE Lab of four points around the centre of each position of conv5.

        With AlexNet's stride of 16 they form a grid of stride 8, as in richzhang/colorization.

        Args:
            patches: uint8 `[B, crop, crop, 3]`.

        Returns:
            float32 `[B, H, W, 4, 3]`.
        """
        crop = self.recipe.crop
        centers, stride = conv5_centers(self.recipe.encoder_name, crop)
        points = np.stack([centers - stride / 4, centers + stride / 4], axis=-1).ravel()
        pixels = np.clip(np.round(points), 0, crop - 1).astype(np.int32)
        levels = tf.cast(patches, tf.float32)  # no GPU kernel gathers uint8
        grid = tf.cast(tf.gather(tf.gather(levels, pixels, axis=1), pixels, axis=2), patches.dtype)
        split = tf.reshape(lab_of(grid), [-1, len(centers), 2, len(centers), 2, 3])
        grouped = tf.transpose(split, [0, 1, 3, 2, 4, 5])
        return tf.reshape(grouped, [-1, len(centers), len(centers), 4, 3])

    def build_head(self, encoder: keras.Model) -> keras.Model:
        """`conv5` and `embedding` -> for each target float32 logits `[N, H, W, bins]`."""
        seen = {
            name: keras.Input(encoder.output[name].shape[1:], name=name) for name in ("conv5", "embedding")
        }
        count = len(self.bins)
        shares = {
            name: [ChannelShare(index, count)(whole) for index in range(count)] if count > 1 else [whole]
            for name, whole in seen.items()
        }
        seed, weight_decay = self.recipe.seed, self.recipe.weight_decay
        logits = {
            name: position_logits(conv5, embedding, self.bins[name], name, seed, weight_decay)
            for name, conv5, embedding in zip(self.bins, shares["conv5"], shares["embedding"])
        }
        return keras.Model(seen, logits, name="position_head")

    def forward(self, encoder: keras.Model, head: keras.Model, batch: Tensors, training: bool) -> Tensors:
        """Logits `[B, H, W, bins]` of each target."""
        outputs = encoder(batch["patches"], training=training)
        logits: Tensors = head({name: outputs[name] for name in head.input}, training=training)
        return logits

    def loss_names(self) -> list[str]:
        """The cross-entropy of each target; they add up."""
        return list(self.bins)

    def losses(self, outputs: Tensors, batch: Tensors) -> PatchLosses:
        """Eq. 2 of Zhang et al. (ECCV 2016) per patch, averaged over the positions."""
        return PatchLosses({name: position_loss(outputs[name], batch[name]) for name in self.bins})

    def metrics(self) -> list[keras.metrics.Metric]:
        """The bounds of each loss: the best constant prediction, and perfect predictions."""
        return [*self.constant.values(), *self.lowest.values()]

    def update_metrics(self, outputs: Tensors, batch: Tensors, patch_losses: PatchLosses) -> None:
        """Adds the targets of the batch."""
        for name in self.bins:
            self.constant[name].update_state(batch[name])
            self.lowest[name].update_state(lowest_loss(batch[name]))

    def epoch_logs(self) -> dict[str, float]:
        """The loss of the best constant prediction, and of perfect ones: soft targets keep it above 0."""
        logs = {f"{name}/constant": float(metric.result()) for name, metric in self.constant.items()}
        return {**logs, **{f"{name}/lowest": float(metric.result()) for name, metric in self.lowest.items()}}

    def predicted_colors(self, batch: Tensors, logits: Tensors) -> dict[str, np.ndarray]:
        """Patches, their L, that L with the predicted colours: CIE Lab `[B, crop, crop, 3]` by title."""
        lab = lab_of(batch["patches"]).numpy()
        colored = np.concatenate([lab[..., :1], self.enlarged(annealed_mean(logits["colors"]))], axis=-1)
        return {"original": lab, "L alone": lab * (1, 0, 0), "predicted colours": colored}

    def enlarged(self, maps: tf.Tensor) -> np.ndarray:
        """From the positions of conv5 to all pixels: float `[B, H, W, C]` -> `[B, crop, crop, C]`."""
        centers, _ = conv5_centers(self.recipe.encoder_name, self.recipe.crop)
        return at_all_pixels(maps.numpy(), centers, self.recipe.crop)


def position_loss(logits: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """`-sum(t log q)`, averaged over positions.

    Args:
        logits: float32 `[B, H, W, classes]`.
        targets: float32 `[B, H, W, classes]`, >= 0; they need not add up to 1.

    Returns:
        float32 `[B]`.
    """
    return -tf.reduce_mean(tf.reduce_sum(targets * tf.nn.log_softmax(logits), axis=-1), axis=[1, 2])


def lowest_loss(targets: tf.Tensor) -> tf.Tensor:
    """What `position_loss` would be with predictions equal to the targets (scaled to add up to 1); `[B]`."""
    shares = tf.math.divide_no_nan(targets, tf.reduce_sum(targets, axis=-1, keepdims=True))
    return -tf.reduce_mean(tf.reduce_sum(tf.math.xlogy(targets, shares), axis=-1), axis=[1, 2])
