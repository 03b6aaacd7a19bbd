"""Random patch shuffle (Table 1, "Distracting"; Kang et al., PatchShuffle Regularization, 2017)."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from aesthkeras.degradations.contract import checked

BLOCK = 4
"""Edge of a block in pixels."""

# Blocks draw their permutation from this many: sorting random keys per block costs ten times as much.
_PERMUTATIONS = 8192


def _permutations(width: int) -> np.ndarray:
    """Return `[_PERMUTATIONS, 16]`: row-major pixel offsets in an image of that width, permuted."""
    rng = np.random.default_rng(20200207)
    order = rng.permuted(np.tile(np.arange(BLOCK * BLOCK), (_PERMUTATIONS, 1)), axis=1)
    return (order // BLOCK * width + order % BLOCK).astype(np.int32)


def apply(images: tf.Tensor, share: float, seed: tf.Tensor) -> tf.Tensor:
    """Permute the 16 pixels within some of the non-overlapping 4x4 blocks.

    Blocks count from the top left; the last `H % 4` rows and `W % 4` columns stay as they are. Each block is
    chosen with probability `share`, on its own, and has its own permutation.

    Args:
        images: float32 or uint8 `[N, H, W, 3]` of any range.
        share: of the blocks, from 0 to 1.
        seed: int32 `[2]`.

    Returns:
        The shuffled images, of the same shape and type.

    Raises:
        ValueError: a share out of range, or images of the wrong type or shape.
    """
    images, height, width = checked(images, tf.float32, tf.uint8)
    if not 0 <= share <= 1:
        raise ValueError(f"share is {share}: expected 0 to 1")
    rows, columns = height // BLOCK, width // BLOCK
    seeds = tf.random.experimental.stateless_split(seed, 2)
    count = tf.shape(images)[0]
    drawn = tf.random.stateless_uniform([count, rows, columns], seeds[0]) < share
    chosen = tf.cast(tf.where(drawn), tf.int32)
    corner = chosen[:, 0] * (height * width) + (chosen[:, 1] * width + chosen[:, 2]) * BLOCK
    which = tf.random.stateless_uniform(tf.shape(corner), seeds[1], 0, _PERMUTATIONS, dtype=tf.int32)
    offsets = tf.constant(_permutations(width))
    inside = np.arange(BLOCK)[:, None] * width + np.arange(BLOCK)
    target = tf.reshape(corner[:, None] + inside.reshape(1, -1).astype(np.int32), [-1, 1])
    source = tf.reshape(corner[:, None] + tf.gather(offsets, which), [-1])
    pixels = tf.reshape(images, [-1, 3])
    shuffled = tf.tensor_scatter_nd_update(pixels, target, tf.gather(pixels, source))
    return tf.ensure_shape(tf.reshape(shuffled, tf.shape(images)), images.shape)
