"""Batch normalisation folded into the convolution before it: the same answers in less time."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aesthkeras.encoders.keras_graph import origin_of, readers_of


def fold_batch_normalization(model: keras.Model) -> keras.Model:
    """A copy for inference in which every batch normalisation is folded into the convolution before it.

    TensorFlow fuses a convolution with the normalisation after it, but then not with the sum and the ReLU of
    a residual unit. With a bias in place of the normalisation it fuses all of them. (ResNet-18, batch 32 on
    two cores: 62 photos a second, 60 without.)

    Args:
        model: a functional model, possibly with models among its layers; it is not changed.

    Returns:
        A functional model with the same inputs, outputs and names of layers, and weights of its own.
    """
    followers = _normalizations(model)
    folded = {layer.name for layer in followers.values()}

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        if isinstance(layer, keras.Model):
            return fold_batch_normalization(layer)
        if layer.name in followers:
            return type(layer).from_config({**layer.get_config(), "use_bias": True})
        if layer.name in folded:
            return _Folded(name=layer.name)
        return type(layer).from_config(layer.get_config())

    copy = keras.models.clone_model(model, clone_function=clone)
    for layer in model.layers:
        if layer.name in followers:
            copy.get_layer(layer.name).set_weights(_folded(layer, followers[layer.name]))
        elif layer.weights and layer.name not in folded and not isinstance(layer, keras.Model):
            copy.get_layer(layer.name).set_weights(layer.get_weights())
    return copy


class _Folded(keras.layers.Layer):
    """Stands where a normalisation was, and is called as one."""

    def call(self, inputs: tf.Tensor, training: bool = False, mask: Any = None) -> tf.Tensor:
        """The inputs as they are."""
        del training, mask
        return inputs


def _normalizations(model: keras.Model) -> dict[str, keras.layers.BatchNormalization]:
    """Name of each convolution whose only reader is a normalisation -> that normalisation."""
    answering = {origin_of(output).name for output in model.outputs}
    found = {}
    for layer in model.layers:
        if type(layer) is keras.layers.Conv2D and layer.name not in answering:
            readers = readers_of(layer)
            is_plain = not layer.use_bias and layer.activation is keras.activations.linear
            if is_plain and [type(reader) for reader in readers] == [keras.layers.BatchNormalization]:
                found[layer.name] = readers[0]
    return found


def _folded(
    convolution: keras.layers.Conv2D, normalization: keras.layers.BatchNormalization
) -> list[np.ndarray]:
    """Kernel and bias that convolve and normalise in one step, computed in float64."""
    (kernel,) = convolution.get_weights()
    mean, variance = normalization.moving_mean.numpy(), normalization.moving_variance.numpy()
    scale = 1 / np.sqrt(variance.astype(np.float64) + normalization.epsilon)
    if normalization.scale:
        scale *= normalization.gamma.numpy()
    bias = -mean * scale
    if normalization.center:
        bias += normalization.beta.numpy()
    return [(kernel * scale).astype(np.float32), bias.astype(np.float32)]
