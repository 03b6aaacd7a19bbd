"""What the tasks share that classify every view by one dense layer on the embedding."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from aesthkeras.monitoring import confusion, pictures
from aesthkeras.pretext.options import TaskOptions
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.task import PatchLosses, PretextTask, Tensors, encode_views

CLASSES_SHOWN = 40
"""With more classes nobody reads the accuracy of each, or a confusion matrix."""


class ViewClassification(PretextTask):
    """Views `[B, V, crop, crop, 3]` and their classes `[B, V]`; the loss is the mean cross-entropy.

    Derived classes make `views` and `classes`. They set `class_names`, or call `name_classes` before the
    networks are built.
    """

    class_names: list[str] = []
    """The names of the classes, in the order of their indices."""

    def __init__(
        self, options: TaskOptions | None = None, recipe: Recipe | None = None, device: str = "cpu"
    ) -> None:
        super().__init__(options, recipe, device)
        self.name_classes(self.class_names)

    def name_classes(self, names: Sequence[str]) -> None:
        """Sets the names of the classes."""
        self.class_names = list(names)
        self.confusion = confusion.ConfusionMatrix(len(names), name="confusion")

    def build_head(self, encoder: keras.Model) -> keras.Model:
        """One dense layer: embedding `[N, D]` -> `logits` float32 `[N, classes]`."""
        embedding = keras.Input(encoder.output["embedding"].shape[1:], name="embedding")
        return keras.Model(embedding, {"logits": self.logits(embedding)}, name="classification_head")

    def logits(self, features: tf.Tensor) -> tf.Tensor:
        """The last layer of every head: symbolic `[N, D]` -> float32 `[N, classes]`."""
        layer = keras.layers.Dense(
            len(self.class_names),
            name="logits",
            dtype="float32",
            kernel_initializer=keras.initializers.GlorotUniform(seed=self.recipe.seed),
            kernel_regularizer=keras.regularizers.l2(self.recipe.weight_decay / 2),
        )
        return layer(features)

    def forward(self, encoder: keras.Model, head: keras.Model, batch: Tensors, training: bool) -> Tensors:
        """Logits `[B, V, classes]` and embedding `[B, V, D]` of all views."""
        outputs = encode_views(encoder, batch["views"], training)
        found = head(self.head_inputs(outputs), training=training) | {"embedding": outputs["embedding"]}
        count = self.views_per_patch
        return {name: tf.reshape(found[name], [-1, count, found[name].shape[-1]]) for name in found}

    def head_inputs(self, outputs: Tensors) -> tf.Tensor | Tensors:
        """The part of the encoder's outputs that the head takes."""
        return outputs["embedding"]

    def loss_names(self) -> list[str]:
        """The cross-entropy."""
        return ["classification"]

    def losses(self, outputs: Tensors, batch: Tensors) -> PatchLosses:
        """-log P of the true class, averaged over the views of a patch."""
        logits = tf.cast(outputs["logits"], tf.float32)
        cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(batch["classes"], logits)
        return PatchLosses({"classification": tf.reduce_mean(cross_entropy, axis=1)})

    def metrics(self) -> list[keras.metrics.Metric]:
        """The confusion matrix."""
        return [self.confusion]

    def update_metrics(self, outputs: Tensors, batch: Tensors, patch_losses: PatchLosses) -> None:
        """Counts predictions."""
        predicted = tf.argmax(outputs["logits"], axis=-1, output_type=tf.int32)
        self.confusion.update_state(batch["classes"], predicted)

    def step_logs(self) -> Tensors:
        """Accuracy over all views."""
        return {"accuracy": self.confusion.accuracy()}

    def epoch_logs(self) -> dict[str, float]:
        """Balanced accuracy, and the accuracy of each class where there are few."""
        matrix = self.confusion.result().numpy()
        logs = {"balanced_accuracy": confusion.balanced_accuracy(matrix)}
        if len(self.class_names) <= CLASSES_SHOWN:
            for index, name in enumerate(self.class_names):
                logs[f"accuracy/{name}"] = confusion.row_accuracy(matrix, [index])
        return logs

    def pictures(self, encoder: keras.Model, head: keras.Model, batch: Tensors) -> dict[str, np.ndarray]:
        """Views with their true and predicted classes; for few classes the epoch's confusion matrix."""
        logits = self.forward(encoder, head, batch, training=False)["logits"]
        views, true, predicted = batch["views"].numpy(), batch["classes"].numpy(), tf.argmax(logits, axis=-1)
        drawn = {"views": pictures.view_sheet(views, true, predicted.numpy(), self.class_names)}
        if len(self.class_names) <= CLASSES_SHOWN:
            matrix = self.confusion.result().numpy()
            drawn["confusion"] = pictures.confusion_matrix(matrix, self.class_names)
        return drawn
