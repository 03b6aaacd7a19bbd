"""The AlexNet whose weights others have released: grouped convolutions, no batch normalisation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from aesthkeras.encoders.blocks import BLOCK_NAMES
from aesthkeras.encoders.scaling import PixelScaling

layers = keras.layers

STRIDES = (4, 1, 1, 1, 1)
POOLED = ("conv1", "conv2")  # a max-pool follows, before the next block


@keras.saving.register_keras_serializable(package="aesthkeras")
class GroupedConvolution(keras.layers.Layer):
    """A convolution with bias whose channels are convolved in groups (Krizhevsky et al. 2012, Figure 2).

    TensorFlow has no gradient of grouped convolutions on a CPU, so each group is convolved by itself.

    Args:
        filters: output channels of all groups.
        size: edge of the kernel.
        stride: step in both directions.
        padding: zeros on each side of the map.
        groups: how many.

    Call arguments:
        maps: floating ``[N, H, W, C]``, C a multiple of the groups.

    Returns:
        ``[N, H', W', filters]`` with ``H' = (H + 2 padding - size) // stride + 1``.
    """

    def __init__(
        self, filters: int, size: int, stride: int = 1, padding: int = 0, groups: int = 1, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.filters, self.size, self.groups = filters, size, groups
        self.stride, self.padding = stride, padding

    def build(self, input_shape: tf.TensorShape) -> None:
        """Make kernel ``[size, size, C / groups, filters]`` and bias ``[filters]``."""
        shape = (self.size, self.size, input_shape[-1] // self.groups, self.filters)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer="he_normal")
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")
        super().build(input_shape)

    def call(self, maps: tf.Tensor) -> tf.Tensor:
        """Convolve a batch."""
        around = [[0, 0], [self.padding] * 2, [self.padding] * 2, [0, 0]]
        groups = zip(tf.split(maps, self.groups, -1), tf.split(self.kernel, self.groups, -1))
        convolved = [tf.nn.conv2d(part, kernel, self.stride, around) for part, kernel in groups]
        return tf.nn.bias_add(tf.concat(convolved, -1), self.bias)

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild the layer."""
        names = ("filters", "size", "stride", "padding", "groups")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@keras.saving.register_keras_serializable(package="aesthkeras")
class LocalResponseNormalization(keras.layers.Layer):
    """Each value ``/ (1 + 1e-4 / 5 * sum of squares of five neighbouring channels) ** 0.75``, as in Caffe.

    Call arguments:
        maps: floating ``[N, H, W, C]``.

    Returns:
        The same shape.
    """

    def call(self, maps: tf.Tensor) -> tf.Tensor:
        """Normalise a batch."""
        return tf.nn.local_response_normalization(maps, depth_radius=2, bias=1.0, alpha=1e-4 / 5, beta=0.75)


class Source(NamedTuple):
    """How a framework's AlexNet differs.

    Attributes:
        crop: edge of its input in pixels.
        paddings: zeros around the input of each convolution.
        scaling: what it takes, a key of ``SCALINGS``.
        covers: whether a pool covers the last rows and columns that its stride leaves over, as Caffe's does.
    """

    crop: int
    paddings: tuple[int, ...]
    scaling: str
    covers: bool


# BVLC's model in Caffe's model zoo, and torchvision's (Krizhevsky 2014, "One weird trick").
RELEASES = {
    "caffe": Source(227, (0, 2, 1, 1, 1), "caffe", covers=True),
    "torch": Source(224, (2, 2, 1, 1, 1), "imagenet", covers=False),
}


def released_alexnet(
    kernels: Mapping[str, np.ndarray],
    biases: Mapping[str, np.ndarray],
    source: str,
    *,
    input_size: int,
    scaling: str,
    lrn: bool = False,
) -> keras.Model:
    """The convolutions of an AlexNet (Krizhevsky et al. 2012), with weights that are there already.

    Args:
        kernels: ``[height, width, input channels, output channels]`` by the name of the block, ``conv1`` ..
            ``conv5``; one with a half of the input channels is convolved in two groups, and so on.
        biases: ``[output channels]`` by the name of the block.
        source: a key of ``RELEASES``, the framework that they were trained in.
        input_size: height and width S of the input in pixels.
        scaling: what conv1 takes, a key of ``scaling.SCALINGS``.
        lrn: whether local response normalisation follows the ReLU of conv1 and conv2.

    Returns:
        A functional model from RGB pixel values in [0, 255], ``[N, S, S, 3]``, to a dict of ``conv1`` ..
        ``conv5`` after ReLU and before normalisation and max-pool.
    """
    paddings, covers = RELEASES[source].paddings, RELEASES[source].covers
    pixels = keras.Input((input_size, input_size, 3), name="pixels")
    features = PixelScaling(scaling, name="scaled")(pixels)
    outputs = {}
    for name, stride, padding in zip(BLOCK_NAMES, STRIDES, paddings):
        kernel = kernels[name]
        convolution = GroupedConvolution(
            kernel.shape[-1],
            kernel.shape[0],
            stride,
            padding,
            features.shape[-1] // kernel.shape[2],
            name=f"{name}_convolution",
        )
        features = outputs[name] = layers.ReLU(name=name)(convolution(features))
        convolution.set_weights([kernel, biases[name]])
        if name in POOLED:
            if lrn:
                features = LocalResponseNormalization(name=f"{name}_lrn")(features)
            features = _pooled(features, name, covers)
    return keras.Model(pixels, outputs, name="released_alexnet")


def _pooled(features: tf.Tensor, name: str, covers: bool) -> tf.Tensor:
    """Max-pool of 3 with stride 2."""
    rest = (features.shape[1] - 3) % 2
    if covers and rest:  # zeros change no maximum after a ReLU
        features = layers.ZeroPadding2D(((0, rest), (0, rest)), name=f"{name}_cover")(features)
    return layers.MaxPooling2D(3, 2, name=f"{name}_pool")(features)
