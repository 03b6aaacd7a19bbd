"""Block outputs pooled to the fixed grids that linear probes read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aesthkeras.encoders.blocks import EMBEDDING
from aesthkeras.encoders.side_by_side import name_alone
from aesthkeras.networks.settings import PLACELESS

POSITIONS_A_CHANNEL = 10  # that a map needs for covariances
# Edge of the pooled map per block. For AlexNet at full width and 227 px: 9600, 9216, 9600, 9600, 9216 values.
PROBE_GRIDS = {"conv1": 10, "conv2": 6, "conv3": 5, "conv4": 5, "conv5": 6}
PROBE_VALUES = 9600

EPSILON = 1e-6  # of a variance: the root of 0 has no gradient, and silent channels are many


def probe_grid(name: str, size: int, channels: int) -> int:
    """Edge of the map to which a block is pooled for a linear probe.

    Our own blocks keep the grids of ``PROBE_GRIDS`` at any width. For another block it is the square root of
    9600 / channels, rounded, so that every block of every encoder has about as many values as AlexNet's in
    Zhang et al. (ECCV 2016). For AlexNet's channels at full width, 96, 256, 384, 384 and 256, that is
    ``PROBE_GRIDS`` too: 10, 6, 5, 5 and 6.

    Args:
        name: of the block; `conv1.2` is the `conv1` of a second encoder (`side_by_side`).
        size: edge of its map, at least 1.
        channels: of its map, at least 1.

    Returns:
        At least 1; for another block than ours, at most ``size``.
    """
    own_name = name_alone(name)
    if own_name in PROBE_GRIDS:
        return PROBE_GRIDS[own_name]
    return max(1, min(size, round((PROBE_VALUES / channels) ** 0.5)))


def pool_window(size: int, grid: int) -> tuple[int, int]:
    """Kernel and stride of the unpadded average pool that turns ``size`` positions into ``grid``.

    At AlexNet's 227 px maps (55, 27, 13, 13, 13) they are those of facebookresearch/vissl's AlexNet configs:
    19,4 / 12,3 / 9,1 / 9,1 / 8,1. The same rule serves other sizes: windows overlap and cover the whole map.

    Args:
        size: edge of the map, at least 1.
        grid: edge of the pooled map, at least 1.

    Returns:
        ``(kernel, stride)``; ``(1, 1)`` where the map is no larger than the grid, which leaves it whole.
    """
    if size <= grid:
        return 1, 1
    stride = max(1, size // grid - 1)
    return size - (grid - 1) * stride, stride


def tiling_window(size: int, grid: int) -> tuple[int, int] | None:
    """Kernel (which is the stride) and padding of deepcluster's pools: windows that do not overlap.

    At AlexNet's 227 px maps they are those of facebookresearch/deepcluster's `eval_linear.py` and of
    yukimasano/linear-probes: 6,3 / 4,0 / 3,1 / 3,1 / 2,0.

    Returns:
        ``(kernel, padding)``, or None where no kernel gives the grid with a padding of at most half of it.
    """
    nearest = max(1, round(size / grid))
    for kernel in (nearest, nearest + 1, nearest - 1):
        padding = (max(0, kernel * grid - size) + 1) // 2
        positions = (size + 2 * padding - kernel) // max(kernel, 1) + 1
        if kernel >= 1 and positions == grid and padding <= kernel // 2:
            return kernel, padding
    return None


def pool_block(features: tf.Tensor, grid: int, pooling: str = "vissl") -> tf.Tensor:
    """Pool one block's output and flatten it, row by row, channels innermost.

    Args:
        features: floating ``[N, H, W, C]`` with H, W and C known.
        grid: edge of the pooled map.
        pooling: ``vissl``, the unpadded average pool of ``pool_window``; ``deepcluster``, the average pool of
            ``tiling_window``, padded zeros counted as PyTorch does; ``max``, the same windows with their
            greatest value (where that rule has no window, both use ``pool_window``); ``zhang``, a bilinear
            resize without antialiasing, as Caffe's Resize layer in richzhang/colorization; ``statistics``,
            an option of ours that forgets where in the photo something is: mean, standard deviation and
            greatest value of each channel over all positions; ``covariance``, these and the covariances of
            any two channels where a map has ten positions and more for each of its channels.

    Returns:
        float32 ``[N, min(grid, H) * min(grid, W) * C]``; for ``statistics`` ``[N, 3 * C]``; for
        ``covariance`` ``[N, 3 * C + C * (C - 1) / 2]``, or as for ``statistics``. A map of one position
        comes out as it is, ``[N, C]``, whatever the pooling.
    """
    _, height, width, channels = features.shape
    rows, columns = min(grid, height), min(grid, width)
    # The mean of up to 361 values is taken in float32 whatever the encoder computes in.
    features = tf.cast(features, tf.float32)
    if pooling in PLACELESS and height * width > 1:
        mean, variance = tf.nn.moments(features, [1, 2])
        parts = [mean, tf.sqrt(variance + EPSILON), tf.reduce_max(features, [1, 2])]
        # Fewer positions do not settle so many values, which then say more of chance than of the photo.
        if pooling == "covariance" and height * width >= POSITIONS_A_CHANNEL * channels:
            parts.append(_covariances(features - mean[:, tf.newaxis, tf.newaxis]))
        return tf.concat(parts, -1)
    if pooling == "zhang":
        pooled = tf.image.resize(features, (rows, columns), "bilinear", antialias=False)
    else:
        pooled = _pooled(features, grid, pooling)
    return tf.reshape(pooled, [-1, rows * columns * channels])


def _covariances(centred: tf.Tensor) -> tf.Tensor:
    """Of any two channels of ``[N, H, W, C]``, whose means are 0: ``[N, C * (C - 1) / 2]``, row by row."""
    _, height, width, channels = centred.shape
    values = tf.reshape(centred, [-1, height * width, channels])
    products = tf.matmul(values, values, transpose_a=True) / (height * width)
    rows, columns = np.triu_indices(channels, 1)
    return tf.gather(tf.reshape(products, [-1, channels**2]), rows * channels + columns, axis=1)


def _pooled(features: tf.Tensor, grid: int, pooling: str) -> tf.Tensor:
    kernels, strides, paddings = [], [], []
    for edge in features.shape[1:3]:
        tiling = None if pooling == "vissl" or edge <= grid else tiling_window(edge, grid)
        kernel, stride = (tiling[0], tiling[0]) if tiling else pool_window(edge, grid)
        kernels.append(kernel)
        strides.append(stride)
        paddings.append([tiling[1]] * 2 if tiling else [0, 0])
    if any(map(any, paddings)):
        # Zeros count in PyTorch's average; the greatest value must not be one of the padding.
        around = features.dtype.min if pooling == "max" else 0
        features = tf.pad(features, [[0, 0], *paddings, [0, 0]], constant_values=around)
    operation = tf.nn.max_pool2d if pooling == "max" else tf.nn.avg_pool2d
    return operation(features, kernels, strides, "VALID")


def pool_blocks(outputs: Mapping[str, tf.Tensor], pooling: str = "vissl") -> dict[str, tf.Tensor]:
    """Pool every block among an encoder's outputs; what is no map (``embedding``) is left out.

    Args:
        outputs: an encoder's outputs by name, blocks floating ``[N, H, W, C]``.
        pooling: one of ``settings.POOLINGS``; see ``pool_block``.

    Returns:
        float32 ``[N, values]`` by block name, in the order of the outputs; see ``probe_grid``.
    """
    return {
        name: pool_block(block, probe_grid(name, *block.shape[2:]), pooling)
        for name, block in outputs.items()
        if len(block.shape) == 4
    }


def describe(outputs: Mapping[str, tf.Tensor], pooling: str = "vissl") -> dict[str, tf.Tensor]:
    """What heads read of an encoder's outputs: blocks pooled, the embedding as it is.

    Args:
        outputs: an encoder's outputs by name.
        pooling: one of ``settings.POOLINGS``.

    Returns:
        float32 ``[N, values]`` by name.
    """
    embedding = {EMBEDDING: tf.cast(outputs[EMBEDDING], tf.float32)} if EMBEDDING in outputs else {}
    return {**pool_blocks(outputs, pooling), **embedding}


@keras.saving.register_keras_serializable(package="aesthkeras")
class Description(keras.layers.Layer):
    """``describe`` as a layer of a functional model.

    Args:
        pooling: one of ``settings.POOLINGS``.
    """

    def __init__(self, pooling: str = "vissl", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pooling = pooling

    def call(self, outputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Describe a batch."""
        return describe(outputs, self.pooling)

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild the layer."""
        return {**super().get_config(), "pooling": self.pooling}
