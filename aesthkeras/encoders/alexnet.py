"""AlexNet with batch normalisation, the trunk of the paper and of every baseline."""

from __future__ import annotations

import keras
import tensorflow as tf

from aesthkeras.encoders.blocks import EMBEDDING, Block, require_encoder, scaled_channels
from aesthkeras.encoders.pixels import PixelStandardization

layers = keras.layers

# 9216 x 512 weights: the full-width model is 34 MB in float32, small enough to keep a trained one in git
# (Caffe's two layers of 4096 alone would be 218 MB).
EMBEDDING_SIZE = 512


def AlexNet(  # noqa: N802, as in keras.applications
    input_size: int = 227,
    width: float = 1.0,
    *,
    embedding_size: int = EMBEDDING_SIZE,
    seed: int = 0,
    weight_decay: float = 5e-4,
    preprocessing: keras.layers.Layer | None = None,
) -> keras.Model:
    """AlexNet (Krizhevsky et al. 2012) with batch normalisation after each convolution, no LRN, no groups.

    Sheng et al. AAAI 2020 train it from scratch with a learning rate of 0.1, which wants batch normalisation.

    Args:
        input_size: height and width S of the input in pixels, at least 96.
        width: multiplies the channels 96/256/384/384/256, each rounded to a multiple of 8.
        embedding_size: length of the embedding, whatever the width.
        seed: equal seeds give equal weights.
        weight_decay: L2 in the gradient of each kernel; 0 for none.
        preprocessing: the layer between RGB pixel values and the first convolution; None for
            ``PixelStandardization``.

    Returns:
        A functional model. Input: RGB pixel values in [0, 255], uint8 or floating ``[N, S, S, 3]``. Output: a
        dict of ``conv1`` .. ``conv5`` after ReLU and before max-pool (at 227: 55x55x96, 27x27x256, 13x13x384,
        13x13x384, 13x13x256) in the compute dtype and ``embedding`` float32 ``[N, embedding_size]``,
        all >= 0.

    Raises:
        UsageError: a size, width or weight decay out of range.
    """
    require_encoder(input_size, width, weight_decay)
    block = Block(seed, weight_decay)
    channels = [scaled_channels(number, width) for number in (96, 256, 384, 384, 256)]
    pixels = keras.Input((input_size, input_size, 3), name="pixels")
    features = (preprocessing or PixelStandardization(name="standardized"))(pixels)

    outputs = {}
    outputs["conv1"] = block.convolution(features, "conv1", channels[0], kernel=11, stride=4, padding="valid")
    outputs["conv2"] = block.convolution(_pooled(outputs["conv1"], "pool1"), "conv2", channels[1], kernel=5)
    outputs["conv3"] = block.convolution(_pooled(outputs["conv2"], "pool2"), "conv3", channels[2], kernel=3)
    outputs["conv4"] = block.convolution(outputs["conv3"], "conv4", channels[3], kernel=3)
    outputs["conv5"] = block.convolution(outputs["conv4"], "conv5", channels[4], kernel=3)
    flat = layers.Flatten(name="flat")(_pooled(outputs["conv5"], "pool5"))
    outputs[EMBEDDING] = block.dense(flat, EMBEDDING, embedding_size)
    return keras.Model(pixels, outputs, name="alexnet")


def _pooled(features: tf.Tensor, name: str) -> tf.Tensor:
    return layers.MaxPooling2D(3, 2, "valid", name=name)(features)


def pooled_edge(input_size: int) -> int:
    """Edge of the map that the last pooling gives for an input: 6 for 227, 1 for 67; below that 0 or less."""
    edge = (input_size - 11) // 4 + 1
    for _ in range(3):
        edge = (edge - 3) // 2 + 1
    return edge


def pooled_features(encoder: keras.Model, images: tf.Tensor, training: bool) -> tf.Tensor:
    """The layers of an ``AlexNet`` up to the last pooling, on images of another size than its input.

    Args:
        encoder: as ``AlexNet`` made it; its layers are a chain.
        images: RGB pixel values in [0, 255], ``[N, S, S, 3]``, S at least 67.
        training: whether batch normalisation takes the statistics of the batch.

    Returns:
        float32 ``[N, values]``, >= 0.
    """
    features = images
    for layer in encoder.layers[1:]:  # the first one is the input
        is_normalization = isinstance(layer, layers.BatchNormalization)
        features = layer(features, training=training) if is_normalization else layer(features)
        if layer.name == "flat":
            break
    return tf.cast(features, tf.float32)
