"""Random patch shuffle (Table 1, "Distracting"; Kang et al., PatchShuffle Regularization, 2017)."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aesthkeras.degradations.layer import Degradation
from aesthkeras.settings import require

BLOCK = 4
"""Edge of a block in pixels."""

# Blocks draw their permutation from this many: sorting random keys per block costs ten times as much.
_PERMUTATIONS = 8192


@keras.saving.register_keras_serializable(package="aesthkeras")
class PatchShuffle(Degradation):
    """Permute the 16 pixels within some of the non-overlapping blocks of 4 x 4 pixels.

    Table 1, attribute "Distracting": shares 0.1 and 0.5. Blocks count from the top left; the last `H % 4`
    rows and `W % 4` columns stay as they are. Each block is chosen on its own and has its own permutation.

        shuffled = aesthkeras.degradations.PatchShuffle(0.1)(photos)

    Args:
        share: of the blocks, from 0 to 1: the probability with which a block is chosen.
        **kwargs: those of `Degradation`.

    Raises:
        UsageError: a share out of range.
    """

    arguments = ("share",)
    random = True

    def __init__(self, share: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.share = share
        require(self, "share", 0 <= share <= 1, "0 to 1")

    def edit(self, images: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
        """As `Degradation.edit`, but uint8 stays uint8; the seed decides blocks and permutations."""
        height, width = int(images.shape[1]), int(images.shape[2])
        rows, columns = height // BLOCK, width // BLOCK
        seeds = tf.random.experimental.stateless_split(seed, 2)
        count = tf.shape(images)[0]
        drawn = tf.random.stateless_uniform([count, rows, columns], seeds[0]) < self.share
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


def _permutations(width: int) -> np.ndarray:
    """`[_PERMUTATIONS, 16]`: row-major pixel offsets in a photo of that width, permuted."""
    rng = np.random.default_rng(20200207)
    order = rng.permuted(np.tile(np.arange(BLOCK * BLOCK), (_PERMUTATIONS, 1)), axis=1)
    return (order // BLOCK * width + order % BLOCK).astype(np.int32)
