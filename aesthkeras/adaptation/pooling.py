"""Block outputs pooled to the fixed grids that linear probes read."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

# Output grid per block. For AlexNet at full width and 227 px: 9600, 9216, 9600, 9600, 9216 values.
PROBE_GRIDS = {"conv1": 10, "conv2": 6, "conv3": 5, "conv4": 5, "conv5": 6}


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


def pool_block(features: tf.Tensor, grid: int) -> tf.Tensor:
    """Average-pool one block's output without padding and flatten it, row by row, channels innermost.

    Args:
        features: floating ``[N, H, W, C]`` with H, W and C known.
        grid: edge of the pooled map.

    Returns:
        float32 ``[N, min(grid, H) * min(grid, W) * C]``.
    """
    _, height, width, channels = features.shape
    windows = [pool_window(edge, grid) for edge in (height, width)]
    kernel, stride = zip(*windows)
    # The mean of up to 361 values is taken in float32 whatever the encoder computes in.
    pooled = tf.nn.avg_pool2d(tf.cast(features, tf.float32), kernel, stride, "VALID")
    return tf.reshape(pooled, [-1, min(grid, height) * min(grid, width) * channels])


def pool_blocks(outputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Pool every block among an encoder's outputs; what is no block (``embedding``) is left out.

    Args:
        outputs: an encoder's outputs by name, blocks floating ``[N, H, W, C]``.

    Returns:
        float32 ``[N, values]`` by block name, in the order of ``PROBE_GRIDS``.
    """
    return {name: pool_block(outputs[name], grid) for name, grid in PROBE_GRIDS.items() if name in outputs}
