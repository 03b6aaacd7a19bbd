"""Eq. 1, Eq. 2 and the entropy weight against values worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.encoders.build import ENCODERS, build_encoder
from aesthkeras.pretext.tasks.degradation import losses


def test_degradation_loss_is_the_weighted_mean_of_minus_log_probabilities():
    # View 0 (None): two equal logits, -log 1/2. View 1: odds 3 to 1 for the right class, -log 3/4.
    logits = tf.constant([[[0.0, 0.0], [0.0, math.log(3.0)]]])
    loss = losses.degradation_loss(logits, tf.constant([[0, 1]]), none_weight=0.5)
    expected = (0.5 * math.log(2) + 1.0 * math.log(4 / 3)) / 1.5
    np.testing.assert_allclose(loss, [expected], rtol=1e-6)


def test_degradation_loss_multiplies_each_view_by_its_weight_but_divides_by_the_class_weights():
    logits = tf.zeros([1, 2, 4])
    loss = losses.degradation_loss(logits, tf.constant([[1, 2]]), 1.0, tf.constant([[1.0, 0.0]]))
    np.testing.assert_allclose(loss, [math.log(4) / 2], rtol=1e-6)


def test_both_sums_of_equation_3_have_one_divisor():
    # Three edits at 1 and None at 0.5: |T| = 3.5. Each view costs log 4, so Eq. 1 is log 4; two hinges of 0.7
    # and 1.4 are 2.1 / 3.5.
    classes = tf.constant([[0, 1, 2, 3]])
    loss = losses.degradation_loss(tf.zeros([1, 4, 4]), classes, none_weight=0.5)
    np.testing.assert_allclose(loss, [math.log(4)], rtol=1e-6)
    triplets = losses.triplet_loss(tf.constant([[0.7, 0.0, 1.4]]), classes, none_weight=0.5)
    np.testing.assert_allclose(triplets, [0.6], rtol=1e-6)


def test_squared_distance_is_between_normalised_features():
    # (3, 4) and (0, 2) become (0.6, 0.8) and (0, 1): squared distance 0.36 + 0.04.
    distance = losses.squared_distances(tf.constant([[3.0, 4.0]]), tf.constant([[[0.0, 2.0], [6.0, 8.0]]]))
    np.testing.assert_allclose(distance, [[0.4, 0.0]], atol=1e-6)


def test_squared_distances_reach_four_with_negative_values_and_two_without():
    original, opposite, across = [[1.0, 0.0]], [-5.0, 0.0], [0.0, 0.3]
    distance = losses.squared_distances(tf.constant(original), tf.constant([[opposite, across]]))
    np.testing.assert_allclose(distance, [[4.0, 2.0]], atol=1e-6)


@pytest.mark.parametrize("name", ENCODERS)
def test_between_embeddings_of_our_encoders_they_reach_two_at_most(name):
    encoder = build_encoder(name, input_size=96, width=0.125, seed=1)
    photos = (
        np.random.default_rng(0).integers(0, 256, (6, 96, 96, 3)) * np.linspace(0, 1, 6)[:, None, None, None]
    )
    embeddings = encoder(photos.astype(np.float32), training=False)["embedding"].numpy()
    assert embeddings.min() >= 0 and embeddings.max() > 0
    for embedding in embeddings:
        distance = losses.squared_distances(embedding[np.newaxis], embeddings[np.newaxis])
        assert np.all((distance.numpy() >= 0) & (distance.numpy() <= 2 + 1e-5))


@pytest.mark.parametrize(
    ("milder", "stronger", "expected"), [(0.4, 0.1, 1.3), (0.1, 0.4, 0.7), (0.0, 1.0, 0.0), (0.0, 2.0, 0.0)]
)
def test_triplet_hinge(milder, stronger, expected):
    # max{0, D(theta_1) - D(theta_2) + 1}
    hinge = losses.triplet_hinge(tf.constant([milder]), tf.constant([stronger]), margin=1.0)
    np.testing.assert_allclose(hinge, [expected], rtol=1e-6)


def test_entropy_of_equal_and_of_certain_predictions():
    logits = tf.constant([[0.0] * 22, [100.0] + [0.0] * 21])
    np.testing.assert_allclose(losses.predictive_entropy(logits), [math.log(22), 0.0], atol=1e-6)


def test_applied_entropy_is_that_of_the_probability_of_the_applied_edit():
    # Two classes, odds 3 to 1: P = 3/4 or 1/4, whichever was applied. Certain, right or wrong: 0.
    logits = tf.constant([[0.0, math.log(3.0)]] * 2 + [[0.0, 100.0]] * 2)
    entropy = losses.applied_entropy(logits, tf.constant([1, 0, 1, 0]))
    expected = [-0.75 * math.log(0.75), -0.25 * math.log(0.25), 0.0, 0.0]
    np.testing.assert_allclose(entropy, expected, rtol=1e-5, atol=1e-6)


def test_applied_entropy_weighs_no_patch_less_than_1_minus_alpha_over_e():
    # P = 1/e: odds of 1 to e - 1.
    worst = tf.constant([[0.0, math.log(math.e - 1)]])
    np.testing.assert_allclose(losses.applied_entropy(worst, tf.constant([0])), [1 / math.e], rtol=1e-6)
    logits = tf.stack([tf.zeros([1001]), tf.linspace(-20.0, 20.0, 1001)], axis=-1)
    entropy = losses.applied_entropy(logits, tf.zeros([1001], tf.int32))
    weights = losses.entropy_weight(entropy, 5 / 3).numpy()
    assert weights.min() == pytest.approx(1 - 5 / (3 * math.e), abs=1e-4)
    assert weights.max() == pytest.approx(1.0, abs=1e-6)


def test_entropy_weight_reaches_zero_at_three_fifths_of_a_nat():
    weights = losses.entropy_weight(tf.constant([0.0, 0.3, 0.6, 3.0]), 5 / 3)
    np.testing.assert_allclose(weights, [1.0, 0.5, 0.0, 0.0], atol=1e-6)


def test_no_gradient_flows_through_the_entropy_weight():
    logits = tf.Variable([[1.0, 2.0, 0.0]])
    with tf.GradientTape() as tape:
        entropies = losses.predictive_entropy(logits), losses.applied_entropy(logits, tf.constant([0]))
        weight = tf.add_n([losses.entropy_weight(entropy, 1.0) for entropy in entropies])
    assert tape.gradient(weight, logits) is None


def test_everything_is_float32_under_half_precision_inputs():
    logits, embedding = tf.zeros([2, 3, 22], tf.bfloat16), tf.ones([2, 8], tf.bfloat16)
    assert losses.degradation_loss(logits, tf.zeros([2, 3], tf.int32), 1.0).dtype == tf.float32
    assert losses.predictive_entropy(logits).dtype == tf.float32
    assert losses.applied_entropy(logits, tf.zeros([2, 3], tf.int32)).dtype == tf.float32
    assert losses.squared_distances(embedding, embedding[:, tf.newaxis]).dtype == tf.float32
