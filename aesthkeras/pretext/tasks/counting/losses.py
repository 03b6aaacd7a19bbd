"""The two terms of the loss of Noroozi et al. (ICCV 2017), per patch, and the choice of the other photo.

Shapes: B patches, K counters. `whole` is phi(D x), the counts of the halved patch; `tiles` are phi(T_j x),
the counts of its four quarters. Everything is float32.
"""

from __future__ import annotations

import tensorflow as tf


def other_photo(photo: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """For each patch x one patch y of another photo of the batch, drawn with equal chances.

    Args:
        photo: int `[B]`, which photo each patch was cut from.
        seed: int `[2]`.

    Returns:
        Index of y int32 `[B]`, and bool `[B]`: whether there is any. Where all patches are of one photo the
        index means nothing.
    """
    different = photo[:, tf.newaxis] != photo[tf.newaxis, :]
    chances = tf.random.stateless_uniform(tf.shape(different), seed)
    partner = tf.argmax(tf.where(different, chances, -1.0), axis=1, output_type=tf.int32)
    return partner, tf.reduce_any(different, axis=1)


def count_distances(whole: tf.Tensor, tiles: tf.Tensor) -> tf.Tensor:
    """||phi(D x) - sum_j phi(T_j x)||^2, or with y in the place of x: `[B, K]`, `[B, 4, K]` -> `[B]`."""
    return tf.reduce_sum(tf.square(whole - tf.reduce_sum(tiles, axis=1)), axis=-1)


def contrastive_hinge(distances: tf.Tensor, margin: float) -> tf.Tensor:
    """max{0, M - distance}, elementwise; the paper's M is 10."""
    return tf.nn.relu(margin - distances)
