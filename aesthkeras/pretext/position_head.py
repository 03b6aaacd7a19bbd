"""A light head that tells a class at each position of conv5, and the loss of what it tells."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow import keras

from aesthkeras.encoders.blocks import BATCH_NORM_MOMENTUM, layer_seed
from aesthkeras.pretext.recipe import Recipe

layers = keras.layers

HIDDEN = 256


def position_logits(
    conv5: tf.Tensor, embedding: tf.Tensor, classes: int, recipe: Recipe, name: str
) -> tf.Tensor:
    """Logits at each position of conv5, from its own features and the embedding of the whole patch.

    It stands for fc6 to fc8 of richzhang/colorization's AlexNet, which see nearly the whole map from each
    position; here the embedding does. `conv5 + embedding -> 256 -> batch normalisation -> ReLU -> classes`.

    Args:
        conv5: symbolic, floating `[N, H, W, C]`.
        embedding: symbolic, float32 `[N, D]`.
        classes: logits per position.
        recipe: seed and weight decay.
        name: what the layers are called after; it also tells the seeds of two heads apart.

    Returns:
        Symbolic, float32 `[N, H, W, classes]`.
    """

    def layer(part: str) -> dict[str, Any]:
        return {
            "name": f"{name}_{part}",
            "kernel_initializer": keras.initializers.HeNormal(seed=layer_seed(recipe.seed, f"{name}_{part}")),
            "kernel_regularizer": keras.regularizers.l2(recipe.weight_decay / 2),
        }

    local = layers.Conv2D(HIDDEN, 1, use_bias=False, **layer("local"))(conv5)
    whole = layers.Dense(HIDDEN, use_bias=False, **layer("whole"))(embedding)
    hidden = layers.Add()([local, layers.Reshape((1, 1, HIDDEN))(whole)])
    hidden = layers.ReLU()(layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(hidden))
    return layers.Conv2D(classes, 1, dtype="float32", **layer("logits"))(hidden)


def position_loss(logits: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """`-sum(t log q)`, the mean over positions.

    Args:
        logits: float32 `[B, H, W, classes]`.
        targets: float32 `[B, H, W, classes]`, >= 0; they need not add up to 1.

    Returns:
        float32 `[B]`.
    """
    return -tf.reduce_mean(tf.reduce_sum(targets * tf.nn.log_softmax(logits), axis=-1), axis=[1, 2])


def lowest_loss(targets: tf.Tensor) -> tf.Tensor:
    """What `position_loss` would be with predictions equal to the targets (scaled to add up to 1); `[B]`."""
    shares = tf.math.divide_no_nan(targets, tf.reduce_sum(targets, axis=-1, keepdims=True))
    return -tf.reduce_mean(tf.reduce_sum(tf.math.xlogy(targets, shares), axis=-1), axis=[1, 2])
