"""The paper's pretext task: which degradation was applied to a patch, and how strong it is.

Each patch gives its original (class None) and, for each of three operations of Table 1, edited views
with two of its parameters. All views feed Eq. 1; the ordered pairs feed Eq. 2; the entropy of the
predictions weighs each patch; Eq. 3 is the sum that `PretextModel` minimises.
"""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf
from tensorflow import keras

from aesthkeras.degradations import batch as batch_degradations
from aesthkeras.degradations import draw
from aesthkeras.degradations.table import CLASSES, EDITS, DegradationSettings
from aesthkeras.monitoring import confusion
from aesthkeras.networks.trained import first_classes
from aesthkeras.pretext import schedule
from aesthkeras.pretext.classification import ViewClassification
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.task import PatchLosses
from aesthkeras.pretext.tasks.degradation import block_supervision, losses
from aesthkeras.pretext.tasks.degradation.options import DegradationOptions


class DegradationTask(ViewClassification):
    """Classification of the degradation and its strength, and the triplet loss over the strength."""

    Options = DegradationOptions

    def __init__(self, options: DegradationOptions, recipe: Recipe, device: str = "cpu") -> None:
        super().__init__(options, recipe, device)
        self.edited_views = options.operations_per_patch * options.parameters_per_operation
        self.views_per_patch = 1 + self.edited_views
        # None is one of the views of every patch; each of 21 classes that are drawn is in edited_views / 21.
        drawn = sum(len(operation.parameters) for operation in options.operations())
        self.none_weight = self.edited_views / drawn
        # Written by the schedule, read by the compiled step: hence variables.
        self.triplet_scale = tf.Variable(0.0, trainable=False, name="triplet_scale")
        self.entropy_alpha = tf.Variable(0.0, trainable=False, name="entropy_alpha")
        _, self.classes = EDITS[options.edits]
        self.name_classes([item.name for item in self.classes])
        self.active_triplets = keras.metrics.Mean(name="active_triplets")
        self.entropy_weights = keras.metrics.Mean(name="entropy_weight")

    def resolved(self) -> dict[str, str]:
        """JPEG's form too."""
        return {**super().resolved(), "jpeg": self._degradation_settings().jpeg}

    def _degradation_settings(self) -> DegradationSettings:
        settings: DegradationSettings = batch_degradations.resolve(
            self.options.degradation_settings(), self.device
        )
        return settings

    def views(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Adds `views` uint8 `[B, V, crop, crop, 3]` and `classes` int32 `[B, V]`; view 0 is None."""
        patches = batch["patches"]
        draw_seed, edit_seed = tf.unstack(tf.random.experimental.stateless_split(batch["seed"], 2))
        classes = draw.draw_classes(
            tf.shape(patches)[0],
            self.options.operations_per_patch,
            self.options.parameters_per_operation,
            draw_seed,
            self.options.operations(),
        )
        classes = tf.ensure_shape(classes, [None, self.views_per_patch])
        settings = self._degradation_settings()
        views = batch_degradations.degrade(patches, classes, edit_seed, settings, self.classes)
        return {"views": views, "classes": classes, "photo": batch["photo"]}

    def build_head(self, encoder: Any) -> Any:
        """One dense layer from the embedding to the logits; one more for each block where these are asked."""
        head = super().build_head(encoder)
        if not self.options.block_weight:
            return head
        seed, weight_decay = self.recipe.seed, self.recipe.weight_decay
        return block_supervision.with_block_classifiers(head, encoder, seed, weight_decay)

    def head_inputs(self, outputs: dict[str, Any]) -> Any:
        """The embedding, and the blocks' means where these are asked."""
        if not self.options.block_weight:
            return super().head_inputs(outputs)
        return block_supervision.described_blocks(outputs)

    def loss_names(self) -> list[str]:
        """Eq. 1; Eq. 2 where two parameters of an operation are drawn; Eq. 1 of the blocks by option."""
        names = ["degradation", "triplet"][: self.options.parameters_per_operation]
        return [*names, "blocks"] if self.options.block_weight else names

    def losses(self, outputs: dict[str, Any], batch: dict[str, Any]) -> PatchLosses:
        """Eq. 1 and Eq. 2 per patch, and w_p (or, per view, the weights inside the terms)."""
        scales = {
            "degradation": self.options.classification_weight,
            "triplet": self.triplet_scale,
            "blocks": self.options.block_weight,
        }
        entropy = self._entropy(outputs["logits"])
        unweighted = self._terms(outputs, batch["classes"], tf.ones_like(entropy))
        if self.options.entropy_per == "patch":
            patch_weights = losses.entropy_weight(tf.reduce_mean(entropy[:, 1:], axis=1), self.entropy_alpha)
            return PatchLosses(unweighted, scales, patch_weights)
        view_weights = losses.entropy_weight(entropy, self.entropy_alpha)
        weighted = self._terms(outputs, batch["classes"], view_weights)
        return PatchLosses(weighted, scales, unweighted=unweighted)

    def _terms(self, outputs: dict[str, Any], classes: Any, view_weights: Any) -> dict[str, Any]:
        """Eq. 1 and Eq. 2 per patch, with weights of the views `[B, V]`."""
        logits = outputs["logits"]
        terms = {"degradation": losses.degradation_loss(logits, classes, self.none_weight, view_weights)}
        if self.options.parameters_per_operation == 2:
            hinges = self._hinges(outputs["embedding"], classes)
            pair_weights = (view_weights[:, 1::2] + view_weights[:, 2::2]) / 2
            terms["triplet"] = tf.reduce_mean(pair_weights * hinges, axis=1)
        if self.options.block_weight:
            answers = [outputs[name] for name in block_supervision.BLOCK_NAMES]
            of_blocks = [
                losses.degradation_loss(answer, classes, self.none_weight, view_weights) for answer in answers
            ]
            terms["blocks"] = tf.reduce_mean(tf.stack(of_blocks), axis=0)
        return terms

    def _entropy(self, logits: Any) -> Any:
        """Entropy of each view's prediction, float32 `[B, V]`, in the unit that was asked for."""
        entropy = losses.predictive_entropy(logits)
        return entropy / math.log(len(self.classes)) if self.options.entropy_unit == "normalised" else entropy

    def _hinges(self, embedding: Any, classes: Any) -> Any:
        """Eq. 2 for each operation of each patch, float32 `[B, T]`; 0 where the pair has no order."""
        distances = losses.squared_distances(embedding[:, 0], embedding[:, 1:])
        hinges = losses.triplet_hinge(distances[:, 0::2], distances[:, 1::2], self.options.triplet_margin)
        return tf.where(draw.triplet_mask(classes), hinges, 0.0)

    def metrics(self) -> list[Any]:
        """Confusion over the classes, share of active triplets, mean entropy weight."""
        return [self.confusion, self.active_triplets, self.entropy_weights]

    def update_metrics(
        self, outputs: dict[str, Any], batch: dict[str, Any], patch_losses: PatchLosses
    ) -> None:
        """Counts predictions, triplets with a positive hinge among the ordered ones, and weights."""
        super().update_metrics(outputs, batch, patch_losses)
        classes = batch["classes"]
        entropy = self._entropy(outputs["logits"])
        if self.options.entropy_per == "patch":
            entropy = tf.reduce_mean(entropy[:, 1:], axis=1)
        self.entropy_weights.update_state(losses.entropy_weight(entropy, self.entropy_alpha))
        if self.options.parameters_per_operation == 2:
            ordered = tf.cast(draw.triplet_mask(classes), tf.float32)
            active = tf.cast(self._hinges(outputs["embedding"], classes) > 0, tf.float32)
            self.active_triplets.update_state(active, sample_weight=ordered)

    def epoch_logs(self) -> dict[str, float]:
        """Accuracy per operation, balanced accuracy, active triplets, mean entropy weight, what is on."""
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

    def callbacks(self, history: list[dict[str, Any]]) -> list[Any]:
        """The schedule: when the triplet loss and the entropy weight are switched on."""
        options = self.options
        if options.triplet_start == "plateau":
            triplet_rule: schedule.Rule = schedule.AtPlateau("degradation", options.plateau_epochs, options.plateau_progress)
        else:
            triplet_rule = schedule.AfterEpochs(options.triplet_epoch)
        return [
            schedule.SwitchOn(self.triplet_scale, options.triplet_weight, triplet_rule, history),
            schedule.SwitchOn(
                self.entropy_alpha,
                options.entropy_alpha,
                schedule.AfterEpochs(options.entropy_epoch),
                history,
            ),
            schedule.SayWhenSpent(self.entropy_weights),
        ]

    def serving_head(self, head: Any) -> tuple[Any, list[str]]:
        """Embedding -> logits over the 22 classes of Table 1, whatever else was learnt, and their names."""
        return first_classes(head, len(CLASSES)), self.class_names[: len(CLASSES)]


TASK = DegradationTask
