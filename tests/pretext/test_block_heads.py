"""The same classification from every block: logits by hand, the loss, which block learns, what is served."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from skimage import data

from aesthkeras.degradations.table import CLASSES, EXTENDED_CLASSES
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.tasks.degradation import losses as degradation_losses
from aesthkeras.pretext.tasks.degradation.options import DegradationOptions
from aesthkeras.pretext.tasks.degradation.task import DegradationTask

RECIPE = Recipe(width=0.125, resize=108, crop=96, precision="float32")
BLOCKS = ["conv1", "conv2", "conv3", "conv4", "conv5"]


@pytest.fixture(scope="module")
def trained():
    """Task, encoder, head, a batch of two real patches, and what they give."""
    task = DegradationTask(DegradationOptions(edits="extended", block_weight=0.5), RECIPE)
    encoder = task.build_encoder()
    head = task.build_head(encoder)
    patches = np.stack([data.chelsea()[:96, :96], data.coffee()[100:196, 200:296]])
    batch = task.views(
        {"patches": tf.constant(patches), "photo": tf.constant([0, 1], tf.int64), "seed": tf.constant([1, 2])}
    )
    return task, encoder, head, batch, task.forward(encoder, head, batch, training=False)


def test_every_block_is_classified_from_its_mean_over_positions(trained):
    _, encoder, head, batch, outputs = trained
    images = batch["views"].numpy().reshape(-1, 96, 96, 3)
    for name in BLOCKS:
        means = encoder(images, training=False)[name].numpy().mean(axis=(1, 2))
        # untrained batch normalisation: mean 0, variance 1, epsilon 1e-3
        kernel, bias = head.get_layer(f"{name}_logits").get_weights()
        by_hand = means / np.sqrt(1.001) @ kernel + bias
        np.testing.assert_allclose(outputs[name].numpy().reshape(by_hand.shape), by_hand, atol=1e-5)
    assert outputs["conv3"].shape == (2, 7, len(EXTENDED_CLASSES))


def test_the_term_is_the_mean_over_the_blocks_and_scaled(trained):
    task, _, _, batch, outputs = trained
    found = task.losses(outputs, batch)
    single = [
        degradation_losses.degradation_loss(outputs[name], batch["classes"], 6 / 35, tf.ones([2, 7])).numpy()
        for name in BLOCKS
    ]
    np.testing.assert_allclose(found.terms["blocks"], np.mean(single, axis=0), rtol=1e-5)
    assert found.scales["blocks"] == 0.5
    assert task.loss_names() == list(found.terms)


def test_each_block_learns_from_its_own_classifier(trained):
    task, encoder, head, batch, _ = trained
    kernels = {name: encoder.get_layer(f"{name}_convolution").kernel for name in BLOCKS}
    with tf.GradientTape() as tape:
        outputs = task.forward(encoder, head, batch, training=True)
        loss = tf.reduce_mean(
            degradation_losses.degradation_loss(outputs["conv2"], batch["classes"], 1.0, tf.ones([2, 7]))
        )
    gradients = dict(zip(kernels, tape.gradient(loss, list(kernels.values()))))
    assert all(float(tf.norm(gradients[name])) > 0 for name in ("conv1", "conv2"))
    assert all(gradients[name] is None for name in ("conv3", "conv4", "conv5"))


def test_what_is_served_are_the_22_classes_of_table_1(trained):
    task, _, head, _, outputs = trained
    served, names = task.serving_head(head)
    assert names == [item.name for item in CLASSES]
    logits = served(tf.reshape(outputs["embedding"], [14, -1]))["logits"].numpy()
    np.testing.assert_allclose(logits, outputs["logits"].numpy().reshape(14, -1)[:, :22], atol=1e-5)
    assert set(head.output) == {"logits", *BLOCKS}
