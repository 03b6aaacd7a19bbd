"""Somebody else's SavedModel as a layer of a Keras model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="aesthkeras")
class ForeignNetwork(keras.layers.Layer):
    """One signature of a SavedModel, which stays where it is: the layer's configuration holds its path.

    Args:
        folder: the one that holds ``saved_model.pb``.
        signature: name of the signature.
        argument: name of its input, images.
        outputs: the names of its outputs by the names that the layer gives them.

    Call arguments:
        images: ``[N, H, W, 3]`` in the range that the network takes.

    Returns:
        float32 ``[N, ...]`` by name.
    """

    def __init__(
        self, folder: str, signature: str, argument: str, outputs: Mapping[str, str], **kwargs: Any
    ) -> None:
        super().__init__(**{**kwargs, "dtype": "float32", "autocast": False})
        self.folder, self.signature, self.argument = folder, signature, argument
        self.outputs_by_name = dict(outputs)
        self._loaded = tf.saved_model.load(folder)  # its functions do not keep its variables alive
        self._foreign_weights = [_as_weight(own) for own in self._loaded.signatures[signature].variables]
        self._shapes: dict[str, tf.TensorShape] = {}

    def build(self, input_shape: tf.TensorShape) -> None:
        """Find the shapes of the outputs, which a signature may leave open."""
        with tf.init_scope():
            answers = self._answers(tf.zeros([1, *input_shape[1:]]))
        self._shapes = {name: values.shape[1:] for name, values in answers.items()}
        super().build(input_shape)

    def call(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        """Answer a batch."""
        return {
            name: tf.ensure_shape(values, [None, *self._shapes[name]])
            for name, values in self._answers(images).items()
        }

    def _answers(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        function = self._loaded.signatures[self.signature]
        wanted = function.structured_input_signature[1][self.argument].dtype
        answers = function(**{self.argument: tf.cast(images, wanted)})
        return {name: tf.cast(answers[own], tf.float32) for name, own in self.outputs_by_name.items()}

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild the layer."""
        arguments = {"folder": self.folder, "signature": self.signature, "argument": self.argument}
        return {**super().get_config(), **arguments, "outputs": dict(self.outputs_by_name)}


def _as_weight(variable: tf.Variable) -> Any:
    """What a layer takes for its own weight: in Keras 3 another kind of variable, around the same values."""
    if not hasattr(keras, "Variable"):
        return variable
    name = variable.name.partition(":")[0].replace("/", "_")
    return keras.Variable(variable, trainable=variable.trainable, dtype=variable.dtype.name, name=name)
