"""Which layers and variables a functional model holds and how the layers are connected.

Neither Keras 2 nor Keras 3 has a public way to ask who reads a layer, and their private names differ: this
file alone uses them. (`layer.input` does not tell of layers called twice, nor of models within the model.)
"""

from __future__ import annotations

from collections.abc import Iterator

import keras
import tensorflow as tf


def every_layer(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """The layers of a model and of the models inside it, in order."""
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from every_layer(layer)


def variables_of(model: keras.Model) -> list[tf.Variable]:
    """The variables of TensorFlow behind a model's weights, which in Keras 3 are variables of its own kind.

    A SavedModel with Keras's own can be served, but TFLite leaves them empty.
    """
    return [weight if isinstance(weight, tf.Variable) else weight.value for weight in model.weights]


def origin_of(output: tf.Tensor) -> keras.layers.Layer:
    """The layer that a symbolic tensor comes from."""
    history = output._keras_history
    return history.operation if hasattr(history, "operation") else history.layer


def readers_of(layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    """The layers that take what `layer` gives, once for each call."""
    nodes = layer._outbound_nodes
    return [node.operation if hasattr(node, "operation") else node.layer for node in nodes]
