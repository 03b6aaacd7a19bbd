"""ResNet-18 with its stages under AlexNet's block names."""

from __future__ import annotations

import keras
import tensorflow as tf

from aesthkeras.encoders.blocks import EMBEDDING, Block, require_encoder, scaled_channels
from aesthkeras.encoders.pixels import PixelStandardization

layers = keras.layers


def ResNet18(  # noqa: N802, as in keras.applications
    input_size: int = 227,
    width: float = 1.0,
    *,
    seed: int = 0,
    weight_decay: float = 5e-4,
    preprocessing: keras.layers.Layer | None = None,
) -> keras.Model:
    """ResNet-18 (He et al. 2016, Table 1): stem and four stages of two basic units each.

    Args:
        input_size: height and width S of the input in pixels, at least 96.
        width: multiplies the channels 64/64/128/256/512, each rounded to a multiple of 8.
        seed: equal seeds give equal weights.
        weight_decay: L2 in the gradient of each kernel; 0 for none.
        preprocessing: the layer between RGB pixel values and the first convolution; None for
            ``PixelStandardization``.

    Returns:
        A functional model. Input: RGB pixel values in [0, 255], uint8 or floating ``[N, S, S, 3]``. Output: a
        dict of ``conv1``, the stem after ReLU and before max-pool, ``conv2`` .. ``conv5``, the stages (at
        227: 114x114x64, 57x57x64, 29x29x128, 15x15x256, 8x8x512) in the compute dtype, and ``embedding``, the
        mean of conv5 over positions, float32 ``[N, 512 * width]``; all >= 0.

    Raises:
        UsageError: a size, width or weight decay out of range.
    """
    require_encoder(input_size, width, weight_decay)
    block = Block(seed, weight_decay)
    channels = [scaled_channels(number, width) for number in (64, 64, 128, 256, 512)]
    pixels = keras.Input((input_size, input_size, 3), name="pixels")
    features = (preprocessing or PixelStandardization(name="standardized"))(pixels)

    outputs = {"conv1": block.convolution(features, "conv1", channels[0], kernel=7, stride=2)}
    features = layers.MaxPooling2D(3, 2, "same", name="pool1")(outputs["conv1"])
    for stage in (2, 3, 4, 5):
        name = f"conv{stage}"
        stride = 1 if stage == 2 else 2
        features = _unit(block, features, f"{name}_unit1", channels[stage - 1], stride, f"{name}_unit1")
        features = _unit(block, features, f"{name}_unit2", channels[stage - 1], 1, name)
        outputs[name] = features
    outputs[EMBEDDING] = layers.GlobalAveragePooling2D(name=EMBEDDING, dtype="float32")(features)
    return keras.Model(pixels, outputs, name="resnet18")


def _unit(block: Block, features: tf.Tensor, name: str, channels: int, stride: int, result: str) -> tf.Tensor:
    """Two 3x3 convolutions around a shortcut, projected where the shape changes (option B of the paper)."""
    residual = block.convolution(features, f"{name}_first", channels, kernel=3, stride=stride)
    residual = block.convolution(residual, f"{name}_second", channels, kernel=3, relu=False)
    if stride > 1 or features.shape[-1] != channels:
        shortcut = f"{name}_shortcut"
        features = block.convolution(features, shortcut, channels, kernel=1, stride=stride, relu=False)
    total = layers.Add(name=f"{name}_sum")([features, residual])
    return layers.ReLU(name=result)(total)
