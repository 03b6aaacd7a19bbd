"""The pretext task of Sheng et al. (AAAI 2020): which degradation was applied to a patch, how strong is it?

Each patch gives its original (class None) and, for each of three operations of Table 1, views edited with
two of the operation's parameters. Eq. 1 classifies all views, Eq. 2 orders the two parameters of an
operation, and the entropy of the predictions weights each patch. Eq. 3 is the sum that `PretextModel`
minimises; its |T| is the number of a patch's views, None counting as much as an edited class does.
"""

from __future__ import annotations

import dataclasses
import math

import keras
import tensorflow as tf

from aesthkeras.degradations import draw
from aesthkeras.degradations.degraded_views import DegradedViews
from aesthkeras.degradations.table import CLASSES, EDITS, DegradationSettings
from aesthkeras.monitoring import confusion
from aesthkeras.monitoring.vanished_weights import WarnOfVanishedWeights
from aesthkeras.networks.trained import first_classes
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.task import PatchLosses, Tensors
from aesthkeras.pretext.tasks.degradation import block_heads, losses
from aesthkeras.pretext.tasks.degradation.options import DegradationOptions
from aesthkeras.pretext.view_classification import ViewClassification
from aesthkeras.training.phases import History, SwitchOn, after_epochs, at_plateau


@keras.saving.register_keras_serializable(package="aesthkeras")
class DegradationTask(ViewClassification):
    """Classification of the degradation and its strength, and the triplet loss over the strength."""

    Options = DegradationOptions
    options: DegradationOptions

    def __init__(
        self, options: DegradationOptions | None = None, recipe: Recipe | None = None, device: str = "cpu"
    ) -> None:
        super().__init__(options, recipe, device)
        options = self.options
        self.edited_views = options.operations_per_patch * options.parameters_per_operation
        self.views_per_patch = 1 + self.edited_views
        # each patch has a None view: it counts as edited classes do in the mean (a rotation 0.2, others 0.3)
        drawn = sum(len(operation.parameters) for operation in options.operations())
        self.none_weight = self.edited_views / drawn
        # variables, since the schedule changes them under the compiled step
        self.triplet_scale = tf.Variable(0.0, trainable=False, name="triplet_scale")
        self.entropy_alpha = tf.Variable(0.0, trainable=False, name="entropy_alpha")
        _, self.classes = EDITS[options.edits]
        self.name_classes([item.name for item in self.classes])
        self.active_triplets = keras.metrics.Mean(name="active_triplets")
        self.entropy_weights = keras.metrics.Mean(name="entropy_weight")

    def resolved(self) -> dict[str, str]:
        """The implementation of JPEG too."""
        return {**super().resolved(), "jpeg": self._degradation_settings().jpeg}

    def _degradation_settings(self) -> DegradationSettings:
        return self.options.degradation_settings().resolved(self.device)

    def views(self, batch: Tensors) -> Tensors:
        """Adds `views` uint8 `[B, V, crop, crop, 3]` and `classes` int32 `[B, V]`; view 0 is None."""
        options = self.options
        make_views = DegradedViews(
            options.operations_per_patch,
            options.parameters_per_operation,
            options.edits,
            options.leave_out,
            **dataclasses.asdict(self._degradation_settings()),
        )
        views, classes = make_views(batch["patches"], batch["seed"])
        return {"views": views, "classes": classes, "photo": batch["photo"]}

    def build_head(self, encoder: keras.Model) -> keras.Model:
        """One dense layer from the embedding to the logits; with `block_weight` one more for each block."""
        head = super().build_head(encoder)
        if not self.options.block_weight:
            return head
        seed, weight_decay = self.recipe.seed, self.recipe.weight_decay
        return block_heads.with_block_classifiers(head, encoder, seed, weight_decay)

    def head_inputs(self, outputs: Tensors) -> tf.Tensor | Tensors:
        """The embedding; with `block_weight` the means of the blocks too."""
        if not self.options.block_weight:
            return super().head_inputs(outputs)
        return block_heads.block_means(outputs)

    def loss_names(self) -> list[str]:
        """Eq. 1; Eq. 2 where two parameters of an operation are drawn; Eq. 1 of the blocks if asked for."""
        names = ["degradation", "triplet"][: self.options.parameters_per_operation]
        return [*names, "blocks"] if self.options.block_weight else names

    def losses(self, outputs: Tensors, batch: Tensors) -> PatchLosses:
        """Eq. 1 and Eq. 2 per patch, and w_p of Eq. 3; or, per view, terms with the weights inside."""
        scales = {
            "degradation": self.options.classification_weight,
            "triplet": self.triplet_scale,
            "blocks": self.options.block_weight,
        }
        weights = self._entropy_weights(outputs["logits"], batch["classes"])
        unweighted = self._terms(outputs, batch["classes"], tf.ones_like(outputs["logits"][..., 0]))
        if self.options.entropy_per == "patch":
            return PatchLosses(unweighted, scales, weights)
        weighted = self._terms(outputs, batch["classes"], weights)
        return PatchLosses(weighted, scales, unweighted=unweighted)

    def _terms(self, outputs: Tensors, classes: tf.Tensor, view_weights: tf.Tensor) -> Tensors:
        """Eq. 1 and Eq. 2 per patch, float32 `[B]` by name, with weights of the views `[B, V]`."""
        logits = outputs["logits"]
        terms = {"degradation": losses.degradation_loss(logits, classes, self.none_weight, view_weights)}
        if self.options.parameters_per_operation == 2:
            hinges = self._hinges(outputs["embedding"], classes)
            pair_weights = (view_weights[:, 1::2] + view_weights[:, 2::2]) / 2
            terms["triplet"] = losses.triplet_loss(pair_weights * hinges, classes, self.none_weight)
        if self.options.block_weight:
            of_blocks = [
                losses.degradation_loss(outputs[name], classes, self.none_weight, view_weights)
                for name in block_heads.BLOCK_NAMES
            ]
            terms["blocks"] = tf.reduce_mean(tf.stack(of_blocks), axis=0)
        return terms

    def _entropy_weights(self, logits: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
        """w_p by the mean entropy of a patch's edits, float32 `[B]`; or that of each view, `[B, V]`."""
        if self.options.entropy_of == "applied":
            entropy = losses.applied_entropy(logits, classes)
        else:
            entropy = losses.predictive_entropy(logits)
        if self.options.entropy_unit == "normalised":
            entropy /= math.log(len(self.classes))
        if self.options.entropy_per == "patch":
            entropy = tf.reduce_mean(entropy[:, 1:], axis=1)
        return losses.entropy_weight(entropy, self.entropy_alpha)

    def _hinges(self, embedding: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
        """Eq. 2 for each operation of each patch, float32 `[B, T]`; 0 where the operation has no order."""
        distances = losses.squared_distances(embedding[:, 0], embedding[:, 1:])
        hinges = losses.triplet_hinge(distances[:, 0::2], distances[:, 1::2], self.options.triplet_margin)
        return tf.where(draw.triplet_mask(classes), hinges, 0.0)

    def metrics(self) -> list[keras.metrics.Metric]:
        """Confusion matrix, share of active triplets, mean entropy weight."""
        return [self.confusion, self.active_triplets, self.entropy_weights]

    def update_metrics(self, outputs: Tensors, batch: Tensors, patch_losses: PatchLosses) -> None:
        """Counts predictions, and triplets with a positive hinge among the ordered ones; adds the weights."""
        super().update_metrics(outputs, batch, patch_losses)
        classes = batch["classes"]
        self.entropy_weights.update_state(self._entropy_weights(outputs["logits"], classes))
        if self.options.parameters_per_operation == 2:
            ordered = tf.cast(draw.triplet_mask(classes), tf.float32)
            active = tf.cast(self._hinges(outputs["embedding"], classes) > 0, tf.float32)
            self.active_triplets.update_state(active, sample_weight=ordered)

    def epoch_logs(self) -> dict[str, float]:
        """Balanced accuracy, accuracy per operation, active triplets, entropy weight, what is switched on."""
        matrix = self.confusion.result().numpy()
        logs = {"balanced_accuracy": confusion.balanced_accuracy(matrix)}
        operations, classes = EDITS[self.options.edits]
        for name in ("none", *(operation.name for operation in operations)):
            rows = [item.index for item in classes if (item.operation or "none") == name]
            logs[f"accuracy/{name}"] = confusion.row_accuracy(matrix, rows)
        logs["active_triplets"] = float(self.active_triplets.result())
        logs["entropy_weight"] = float(self.entropy_weights.result())
        logs["triplet_on"] = float(self.triplet_scale > 0)
        logs["entropy_on"] = float(self.entropy_alpha > 0)
        return logs

    def callbacks(self, history: History = ()) -> list[keras.callbacks.Callback]:
        """The schedule: when the triplet loss and the entropy weight are switched on."""
        options = self.options
        triplet_rule = (
            at_plateau("degradation", options.plateau_epochs, options.plateau_progress)
            if options.triplet_start == "plateau"
            else after_epochs(options.triplet_epoch)
        )
        warmed_up = after_epochs(options.entropy_epoch)
        return [
            SwitchOn(self.triplet_scale, options.triplet_weight, triplet_rule, history),
            SwitchOn(self.entropy_alpha, options.entropy_alpha, warmed_up, history),
            WarnOfVanishedWeights(self.entropy_weights),
        ]

    def serving_head(self, head: keras.Model) -> tuple[keras.Model, list[str]]:
        """Embedding -> logits over the 22 classes of Table 1, also if there are more; and their names."""
        return first_classes(head, len(CLASSES)), self.class_names[: len(CLASSES)]


TASK = DegradationTask
