"""What heads learn: values, losses by hand, and sets that cannot give them."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.errors import UsageError
from aesthkeras.labelled.protocols import LabelledPhotos, Part
from aesthkeras.scorers.targets import member_losses, ranking_losses, require_target, target_of


def photos(**given) -> LabelledPhotos:
    names = [str(index) for index in range(4)]
    parts = {"scores": np.array([1.0, 2.0, 3.0, 6.0]), "labels": None, "threshold": None, **given}
    return LabelledPhotos(names, names, [""] * 4, names, splits=[""] * 4, **parts)


PART = Part(0, 0, np.array([0, 2]), np.array([1, 3]), np.array([0, 1, 1, 1], np.int8), 2.0)


def test_values_of_each_target():
    """Scores are standardised by the training photos: 1 and 3, mean 2, deviation 1."""
    counts = np.array([[4.0, 0, 0], [0, 1, 1], [1, 1, 2], [0, 0, 5]])
    np.testing.assert_array_equal(target_of("binary", photos(), PART).values, [[0], [1], [1], [1]])
    score = target_of("score", photos(), PART)
    np.testing.assert_allclose(score.values, [[-1], [0], [1], [4]])
    assert (score.mean, score.deviation) == (2, 1)
    shares = target_of("distribution", photos(counts=counts), PART)
    np.testing.assert_allclose(shares.values, [[1, 0, 0], [0, 0.5, 0.5], [0.25, 0.25, 0.5], [0, 0, 1]])
    # What is said at first is true of the first and third photo together.
    np.testing.assert_allclose(np.exp(shares.start), [0.625, 0.125, 0.25])
    half = PART._replace(train=np.array([0, 1, 2, 3]))
    np.testing.assert_allclose(target_of("binary", photos(), half).start, [np.log(3)])


def test_losses_by_hand():
    outputs = tf.constant([[[0.0], [2.0]]])
    expected = [[np.log(2), np.log1p(np.exp(-2))]]
    np.testing.assert_allclose(member_losses("binary", tf.constant([[1.0]]), outputs), expected, rtol=1e-6)
    np.testing.assert_allclose(member_losses("score", tf.constant([[3.0]]), outputs), [[9, 1]])
    # All raters say 1; the head says 3, or all three alike: cumulative shares off by 1, 1 and 2/3, 1/3.
    outputs = tf.constant([[[-99.0, -99.0, 99.0], [5.0, 5.0, 5.0]]])
    emd = member_losses("distribution", tf.constant([[1.0, 0.0, 0.0]]), outputs)
    np.testing.assert_allclose(emd, [[2, 5 / 9]], rtol=1e-6)


def test_a_copy_above_its_photo_costs_what_the_logistic_loss_says():
    photo, copy = tf.constant([[[1.0], [0.0]]]), tf.constant([[[-1.0], [3.0]]])
    expected = [[np.log1p(np.exp(-2)), np.log1p(np.exp(3))]]
    for kind in ("binary", "score"):
        np.testing.assert_allclose(ranking_losses(kind, photo, copy), expected, rtol=1e-6)
    # All raters give 3 to the photo, half of them 1 and half 2 to the copy: 1.5 lower.
    photo, copy = tf.constant([[[-99.0, -99.0, 99.0]]]), tf.constant([[[9.0, 9.0, -99.0]]])
    expected = [[np.log1p(np.exp(-1.5))]]
    np.testing.assert_allclose(ranking_losses("distribution", photo, copy), expected, rtol=1e-6)


COUNTS = np.ones((4, 6))


@pytest.mark.parametrize(
    ("kind", "given", "score_range", "words"),
    [
        ("score", {"scores": None, "labels": np.array([0, 1, 0, 1])}, None, "target=score: .* scores"),
        ("score", {"labels": np.array([0, 1, 0, 1])}, (1, 6), "target=score: .* column label"),
        ("distribution", {}, (1, 6), "target=distribution: .* c1 to cK"),
        ("distribution", {"counts": COUNTS}, (0.0, 100.0), "target=distribution: .* from 1 to 6"),
    ],
)
def test_sets_without_what_the_target_needs_are_refused(kind, given, score_range, words):
    with pytest.raises(UsageError, match=words):
        require_target(kind, photos(**given), score_range)


def test_sets_with_what_the_target_needs_are_taken():
    require_target("binary", photos(scores=None, labels=np.array([0, 1, 0, 1])), None)
    require_target("score", photos(labels=np.array([0, 1, 0, 1]), threshold=2.0), (1.0, 6.0))
    require_target("distribution", photos(counts=COUNTS), (1.0, 6.0))
