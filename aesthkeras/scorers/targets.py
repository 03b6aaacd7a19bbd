"""What a head learns to predict: a photo's label, its score, or the distribution of its ratings."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from aesthkeras.errors import UsageError
from aesthkeras.labelled.protocols import LabelledPhotos, Part

RAREST = 1e-3  # initial share of a rating that no rater gave to any training photo


class Target(NamedTuple):
    """The targets of the photos of one part.

    Attributes:
        kind: `binary`, `score` or `distribution`.
        values: float32 `[photos, outputs]`: the label, the standardised score, or the raters' shares.
        start: float `[outputs]`: the network's output before training, right for their average.
        mean: of the training photos' scores, for `score`.
        deviation: of the training photos' scores, for `score`.
    """

    kind: str
    values: np.ndarray
    start: np.ndarray
    mean: float = 0.0
    deviation: float = 1.0


def require_target(kind: str, photos: LabelledPhotos, score_range: tuple[float, float] | None) -> None:
    """Checks that the set has what a target needs.

    Raises:
        UsageError: it has no scores, no rating counts, or labels that do not come from its scores.
    """
    if kind == "binary":
        return
    if photos.scores is None:
        raise UsageError(f"target={kind}: expected a set with scores; this one has labels only: binary")
    if photos.labels is not None and photos.threshold is None:
        raise UsageError(
            f"target={kind}: expected labels that come from the scores; this set has a column label: binary"
        )
    if kind == "distribution":
        if photos.counts is None:
            raise UsageError("target=distribution: expected rating counts, c1 to cK, for every photo")
        ratings = photos.counts.shape[1]
        if score_range != (1.0, float(ratings)):
            raise UsageError(
                f"target=distribution: expected scores from 1 to {ratings}, as the rating counts; found "
                f"{score_range}"
            )


def target_of(kind: str, photos: LabelledPhotos, part: Part) -> Target:
    """The targets of the photos of a part; scores are standardised by the training photos."""
    if kind == "binary":
        positive = part.labels[part.train].mean(keepdims=True)
        return Target(kind, part.labels[:, np.newaxis].astype(np.float32), np.log(positive / (1 - positive)))
    assert photos.scores is not None
    if kind == "distribution":
        assert photos.counts is not None
        shares = photos.counts / photos.counts.sum(1, keepdims=True)
        start = np.log(np.maximum(shares[part.train].mean(0), RAREST))
        return Target(kind, shares.astype(np.float32), start)
    trained = photos.scores[part.train]
    mean, deviation = float(trained.mean()), float(trained.std())
    standardised = (photos.scores - mean) / deviation
    values = standardised[:, np.newaxis].astype(np.float32)
    return Target(kind, values, np.zeros(1), mean, deviation)


def member_losses(kind: str, values: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """The loss of each photo and member.

    `binary`: cross-entropy. `score`: squared error. `distribution`: the squared earth mover's distance of
    Hou, Yu, Samaras, "Squared Earth Mover's Distance-based Loss for Training Deep Neural Networks" (2016):
    the sum over the ratings of the squared difference of the cumulative shares.

    Args:
        kind: of the target.
        values: float32 `[N, outputs]`, as in `Target`.
        outputs: float32 `[N, members, outputs]` of `heads.build_network`.

    Returns:
        float32 `[N, members]`.
    """
    wanted = tf.broadcast_to(values[:, tf.newaxis], tf.shape(outputs))
    if kind == "binary":
        return tf.nn.sigmoid_cross_entropy_with_logits(wanted, outputs)[..., 0]
    if kind == "score":
        return tf.square(outputs - wanted)[..., 0]
    difference = tf.cumsum(tf.nn.softmax(outputs) - wanted, axis=-1)
    return tf.reduce_sum(tf.square(difference), axis=-1)


def ranking_losses(kind: str, outputs: tf.Tensor, outputs_of_copies: tf.Tensor) -> tf.Tensor:
    """The loss for ranking a degraded copy above its photo: `log(1 + exp(copy - photo))`.

    The loss of Burges et al., "Learning to Rank using Gradient Descent" (2005), for a pair of known order.

    Args:
        kind: of the target.
        outputs: float32 `[N, members, outputs]` of the photos.
        outputs_of_copies: the same of a copy of each.

    Returns:
        float32 `[N, members]`.
    """
    return tf.nn.softplus(_ratings(kind, outputs_of_copies) - _ratings(kind, outputs))


def _ratings(kind: str, outputs: tf.Tensor) -> tf.Tensor:
    """Logit, standardised score, or mean rating: float32 `[N, members]`."""
    if kind != "distribution":
        return outputs[..., 0]
    ratings = tf.range(1, outputs.shape[-1] + 1, dtype=tf.float32)
    return tf.reduce_sum(tf.nn.softmax(outputs) * ratings, -1)
