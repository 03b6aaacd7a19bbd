"""What the classifying tasks share, against scikit-learn and numbers worked out by hand."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import log_loss

from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.view_classification import ViewClassification


class ThreeClasses(ViewClassification):
    views_per_patch = 2
    class_names = ["a", "b", "c"]

    def views(self, batch):
        return batch


@pytest.fixture
def task() -> ThreeClasses:
    return ThreeClasses(recipe=Recipe(crop=96))


def test_the_loss_of_a_patch_is_the_mean_cross_entropy_of_its_views(task):
    logits = np.random.default_rng(0).normal(size=(4, 2, 3)).astype(np.float32)
    classes = np.array([[0, 1], [2, 2], [1, 0], [0, 0]], np.int32)
    losses = task.losses({"logits": tf.constant(logits, tf.bfloat16)}, {"classes": classes})
    probabilities = tf.nn.softmax(tf.cast(tf.constant(logits, tf.bfloat16), tf.float64)).numpy()
    expected = [log_loss(classes[i], probabilities[i], labels=[0, 1, 2]) for i in range(4)]
    np.testing.assert_allclose(losses.terms["classification"], expected, rtol=1e-5)
    assert losses.terms["classification"].dtype == tf.float32
    assert task.loss_names() == list(losses.terms)
    even = task.losses({"logits": tf.zeros([1, 2, 3])}, {"classes": classes[:1]})
    assert float(even.terms["classification"][0]) == pytest.approx(math.log(3))


def test_accuracies_of_an_epoch(task):
    # class a: 1 of 2 right, b: 1 of 1, c: 0 of 1
    outputs = {"logits": tf.one_hot([[0, 1], [1, 0]], 3)}
    task.update_metrics(outputs, {"classes": tf.constant([[0, 0], [1, 2]])}, None)
    assert float(task.step_logs()["accuracy"]) == 0.5
    assert task.epoch_logs() == {
        "balanced_accuracy": 0.5,
        "accuracy/a": 0.5,
        "accuracy/b": 1.0,
        "accuracy/c": 0.0,
    }


def test_with_many_classes_the_accuracy_of_each_is_not_logged(task):
    task.name_classes([str(index) for index in range(1000)])
    assert set(task.epoch_logs()) == {"balanced_accuracy"}


def test_views_keep_their_places_through_the_network(task):
    pixels = keras.Input([2, 2, 3])
    encoder = keras.Model(pixels, {"embedding": keras.layers.Flatten()(pixels)})
    head = task.build_head(encoder)
    views = tf.random.stateless_uniform([5, 2, 2, 2, 3], [1, 2])
    outputs = task.forward(encoder, head, {"views": views}, training=False)
    kernel, bias = (weight.numpy() for weight in head.weights)
    assert kernel.shape == (12, 3)
    flat = views.numpy().reshape(5, 2, 12)
    np.testing.assert_array_equal(outputs["embedding"], flat)
    np.testing.assert_allclose(outputs["logits"], flat @ kernel + bias, rtol=1e-5, atol=1e-5)
