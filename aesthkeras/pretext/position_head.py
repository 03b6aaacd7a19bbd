"""A head that classifies each position of a block."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from aesthkeras.encoders.blocks import BATCH_NORM_MOMENTUM, layer_seed

layers = keras.layers

HIDDEN = 256


def position_logits(
    block: tf.Tensor, embedding: tf.Tensor, classes: int, name: str, seed: int, weight_decay: float
) -> tf.Tensor:
    """Logits at each position of a block, from its own features and the embedding of the whole patch.

    It stands for fc6 to fc8 of richzhang/colorization's AlexNet, which see nearly the whole map from each
    position; here the embedding does. `block + embedding -> 256 -> batch normalisation -> ReLU -> classes`.

    Args:
        block: symbolic, floating `[N, H, W, C]`.
        embedding: symbolic, float32 `[N, D]`.
        classes: logits per position.
        name: prefix of the layers' names; the seeds of the layers depend on it too.
        seed: decides the initial weights.
        weight_decay: L2 in the gradient of each kernel.

    Returns:
        Symbolic, float32 `[N, H, W, classes]`.
    """

    def layer(part: str) -> dict[str, Any]:
        return {
            "name": f"{name}_{part}",
            "kernel_initializer": keras.initializers.HeNormal(seed=layer_seed(seed, f"{name}_{part}")),
            "kernel_regularizer": keras.regularizers.l2(weight_decay / 2),
        }

    local = layers.Conv2D(HIDDEN, 1, use_bias=False, **layer("local"))(block)
    whole = layers.Dense(HIDDEN, use_bias=False, **layer("whole"))(embedding)
    hidden = layers.Add()([local, layers.Reshape((1, 1, HIDDEN))(whole)])
    hidden = layers.ReLU()(layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(hidden))
    return layers.Conv2D(classes, 1, dtype="float32", **layer("logits"))(hidden)
