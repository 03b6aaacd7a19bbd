"""What tasks share that tell the class of every view by one dense layer on the embedding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
from tensorflow import keras

from aesthkeras.monitoring import confusion, pictures
from aesthkeras.pretext.task import PatchLosses, PretextTask

CLASSES_SHOWN = 40
"""With more classes, accuracies one by one and the confusion matrix are no longer read by anybody."""


class ViewClassification(PretextTask):
    """Views `[B, V, crop, crop, 3]` and their classes `[B, V]`; the loss is the mean cross-entropy.

    Derived classes call `name_classes` before the networks are built, and make `views` and `classes`.
    """

    def name_classes(self, names: Sequence[str]) -> None:
        """Says which classes there are, by index."""
        self.class_names = list(names)
        self.confusion = confusion.ConfusionMatrix(len(names), name="confusion")

    def build_head(self, encoder: Any) -> Any:
        """One dense layer from the embedding to a logit per class."""
        embedding = keras.Input(encoder.output["embedding"].shape[1:], name="embedding")
        return keras.Model(embedding, {"logits": self.logits(embedding)}, name="classification_head")

    def logits(self, features: Any) -> Any:
        """The dense layer that every head ends with: float32, a logit per class."""
        layer = keras.layers.Dense(
            len(self.class_names),
            name="logits",
            dtype="float32",
            kernel_initializer=keras.initializers.GlorotUniform(seed=self.recipe.seed),
            kernel_regularizer=keras.regularizers.l2(self.recipe.weight_decay / 2),
        )
        return layer(features)

    def forward(self, encoder: Any, head: Any, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        """Logits `[B, V, classes]` and embedding `[B, V, D]` of all views in one pass."""
        views = batch["views"]
        images = tf.reshape(views, [-1, *views.shape[2:]])
        outputs = encoder(images, training=training)
        answers = head(self.head_inputs(outputs), training=training)
        found = {"embedding": outputs["embedding"], **answers}
        return {
            name: tf.reshape(values, [-1, self.views_per_patch, values.shape[-1]])
            for name, values in found.items()
        }

    def head_inputs(self, outputs: dict[str, Any]) -> Any:
        """What the head reads of the encoder's outputs."""
        return outputs["embedding"]

    def loss_names(self) -> list[str]:
        """The cross-entropy."""
        return ["classification"]

    def losses(self, outputs: dict[str, Any], batch: dict[str, Any]) -> PatchLosses:
        """-log P of the true class, the mean over the views of a patch."""
        logits = tf.cast(outputs["logits"], tf.float32)
        cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(batch["classes"], logits)
        return PatchLosses({"classification": tf.reduce_mean(cross_entropy, axis=1)}, {})

    def metrics(self) -> list[Any]:
        """The confusion over the classes."""
        return [self.confusion]

    def update_metrics(
        self, outputs: dict[str, Any], batch: dict[str, Any], patch_losses: PatchLosses
    ) -> None:
        """Counts predictions."""
        predicted = tf.argmax(outputs["logits"], axis=-1, output_type=tf.int32)
        self.confusion.update_state(batch["classes"], predicted)

    def step_logs(self) -> dict[str, Any]:
        """Accuracy, every class counted by its views."""
        return {"accuracy": self.confusion.accuracy()}

    def epoch_logs(self) -> dict[str, float]:
        """Balanced accuracy, and that of each class where there are few."""
        matrix = self.confusion.result().numpy()
        logs = {"balanced_accuracy": confusion.balanced_accuracy(matrix)}
        if len(self.class_names) <= CLASSES_SHOWN:
            for index, name in enumerate(self.class_names):
                logs[f"accuracy/{name}"] = confusion.row_accuracy(matrix, [index])
        return logs

    def pictures(self, encoder: Any, head: Any, batch: dict[str, Any]) -> dict[str, Any]:
        """A sheet of views with true and predicted class; for few classes the epoch's confusion matrix."""
        names = self.class_names
        predicted = tf.argmax(self.forward(encoder, head, batch, training=False)["logits"], axis=-1)
        drawn = {
            "views": pictures.view_sheet(
                batch["views"].numpy(), batch["classes"].numpy(), predicted.numpy(), names
            )
        }
        if len(names) <= CLASSES_SHOWN:
            drawn["confusion"] = pictures.confusion_matrix(self.confusion.result().numpy(), names)
        return drawn
