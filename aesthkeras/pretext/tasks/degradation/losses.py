"""Eq. 1, Eq. 2 and the entropy weight of Sheng et al. (AAAI 2020), per patch.

Shapes: B patches, V views each, C classes, T operations per patch, D values in the embedding.
Everything is float32; logits and embeddings of another type are cast first.
"""

from __future__ import annotations

import tensorflow as tf


def degradation_loss(
    logits: tf.Tensor, classes: tf.Tensor, none_weight: float, view_weights: tf.Tensor | float = 1.0
) -> tf.Tensor:
    """Eq. 1, -log P_t(p; W), summed over the views of a patch and divided by |T|, as in Eq. 3.

    Args:
        logits: float `[B, V, C]`.
        classes: int32 `[B, V]`, the class of each view; 0 is None.
        none_weight: weight of a None view, relative to 1 for an edited one. Every patch has a None view, but
            edited classes count as often as they are drawn: a rotation, one of three, less than any other.
        view_weights: float32 `[B, V]`, what each view's term is multiplied by (entropy per view).

    Returns:
        float32 `[B]`.
    """
    cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(classes, tf.cast(logits, tf.float32))
    weights = _class_weights(classes, none_weight)
    return tf.reduce_sum(weights * view_weights * cross_entropy, axis=1) / tf.reduce_sum(weights, axis=1)


def triplet_loss(hinges: tf.Tensor, classes: tf.Tensor, none_weight: float) -> tf.Tensor:
    """Eq. 2, summed over the operations of a patch and divided by the very |T| of `degradation_loss`.

    Args:
        hinges: float32 `[B, T]`, as of `triplet_hinge`; 0 where an operation has no order.
        classes: as in `degradation_loss`.
        none_weight: as there.

    Returns:
        float32 `[B]`.
    """
    return tf.reduce_sum(hinges, axis=1) / tf.reduce_sum(_class_weights(classes, none_weight), axis=1)


def _class_weights(classes: tf.Tensor, none_weight: float) -> tf.Tensor:
    """What each view counts in |T|, float32 `[B, V]`."""
    return tf.where(tf.equal(classes, 0), none_weight, 1.0)


def squared_distances(original: tf.Tensor, edited: tf.Tensor) -> tf.Tensor:
    """D(p, theta) of Eq. 2: squared distance between L2-normalised features.

    Args:
        original: float `[B, D]`, the embedding of the undegraded patch.
        edited: float `[B, K, D]`, embeddings of K edited views of it.

    Returns:
        float32 `[B, K]`, 2 - 2 cosines: from 0 to 2 behind a ReLU, as embeddings are; 4 with opposite signs.
    """
    original = tf.math.l2_normalize(tf.cast(original, tf.float32), axis=-1)
    edited = tf.math.l2_normalize(tf.cast(edited, tf.float32), axis=-1)
    return tf.reduce_sum(tf.square(edited - original[:, tf.newaxis, :]), axis=-1)


def triplet_hinge(milder: tf.Tensor, stronger: tf.Tensor, margin: float) -> tf.Tensor:
    """Eq. 2: max{0, D(p, theta_1) - D(p, theta_2) + margin}, elementwise; the paper's margin is 1."""
    return tf.nn.relu(milder - stronger + margin)


def predictive_entropy(logits: tf.Tensor) -> tf.Tensor:
    """-sum_t P_t log P_t in nats: float `[..., C]` -> float32 `[...]`, from 0 to log C."""
    logits = tf.cast(logits, tf.float32)
    return -tf.reduce_sum(tf.nn.softmax(logits) * tf.nn.log_softmax(logits), axis=-1)


def applied_entropy(logits: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
    """-P_t log P_t in nats, P_t being that of Eq. 1: the probability of the edit that was applied.

    Args:
        logits: float `[..., C]`.
        classes: int32 `[...]`, the class of each view.

    Returns:
        float32 `[...]`, from 0 to 1/e, which it has at P_t = 1/e; 0 for a certain prediction, right or wrong.
    """
    minus_log = tf.nn.sparse_softmax_cross_entropy_with_logits(classes, tf.cast(logits, tf.float32))
    return minus_log * tf.exp(-minus_log)


def entropy_weight(entropy: tf.Tensor, alpha: tf.Tensor | float) -> tf.Tensor:
    """w_p = max{1 - alpha * entropy, 0} of the paper; no gradient flows through it.

    Args:
        entropy: float32, any shape, in nats.
        alpha: 5/3 in the paper; 0 switches the weighting off. With it weights reach 0 at 0.6 nats, which a
            `predictive_entropy` passes; with an `applied_entropy` they are 1 - alpha/e = 0.387 or more.
    """
    return tf.nn.relu(1.0 - alpha * tf.stop_gradient(entropy))
