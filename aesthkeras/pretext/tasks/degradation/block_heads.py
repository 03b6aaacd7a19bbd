"""Heads that classify from every conv block, not only from the embedding: an option beyond the paper.

Linear probes read the blocks. A classifier on the mean activations of each block makes degradations linearly
separable there too, like the companion objectives of Deeply-Supervised Nets (Lee et al., AISTATS 2015).
"""

from __future__ import annotations

from collections.abc import Mapping

import keras
import tensorflow as tf

from aesthkeras.encoders.blocks import BATCH_NORM_MOMENTUM, BLOCK_NAMES, EMBEDDING, layer_seed
from aesthkeras.networks.heads import LOGITS


def block_means(outputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """The mean over positions of each block, and the embedding: float32 `[N, channels]` by name."""
    means = {name: tf.reduce_mean(tf.cast(outputs[name], tf.float32), axis=[1, 2]) for name in BLOCK_NAMES}
    return {EMBEDDING: outputs[EMBEDDING], **means}


def with_block_classifiers(
    head: keras.Model, encoder: keras.Model, seed: int, weight_decay: float
) -> keras.Model:
    """A head that classifies from the embedding and from every block.

    Args:
        head: a functional model from the embedding to a dict with `logits`.
        encoder: gives the channels of the blocks.
        seed: decides the initial weights.
        weight_decay: L2 in the gradient of each kernel.

    Returns:
        A functional model from what `block_means` returns to `logits` and, by the name of each block,
        the logits of its classifier.
    """
    embedding = head.input
    inputs, outputs = {EMBEDDING: embedding}, {LOGITS: head.output[LOGITS]}
    for name in BLOCK_NAMES:
        inputs[name] = keras.Input(encoder.output[name].shape[-1:], name=name, dtype="float32")
        normalized = keras.layers.BatchNormalization(
            momentum=BATCH_NORM_MOMENTUM, name=f"{name}_normalization", dtype="float32"
        )(inputs[name])
        outputs[name] = keras.layers.Dense(
            head.output[LOGITS].shape[-1],
            name=f"{name}_logits",
            dtype="float32",
            kernel_initializer=keras.initializers.GlorotUniform(seed=layer_seed(seed, f"{name}_logits")),
            kernel_regularizer=keras.regularizers.l2(weight_decay / 2),
        )(normalized)
    return keras.Model(inputs, outputs, name="block_classification_head")
