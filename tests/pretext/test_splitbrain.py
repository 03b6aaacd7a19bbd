"""Two halves that see nothing of each other's channels, and one encoder made of both."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from skimage import data
from skimage.color import lab2rgb, rgb2lab

from aesthkeras.encoders import BLOCK_NAMES, EMBEDDING
from aesthkeras.networks.export import Export
from aesthkeras.networks.saving import export_encoder
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.tasks.splitbrain.task import SplitBrainTask, mean_lightness
from aesthkeras.pretext.training import build_model

RECIPE = Recipe(width=0.25, resize=108, crop=96, batch_size=4, precision="float32", learning_rate=0.05)


def patches() -> tf.Tensor:
    photo = data.astronaut()
    return tf.constant(np.stack([photo[40 * i : 40 * i + 96, 60 : 60 + 96] for i in range(4)]))


@pytest.fixture(scope="module")
def task() -> SplitBrainTask:
    return SplitBrainTask(recipe=RECIPE)


@pytest.fixture(scope="module")
def encoder(task) -> keras.Model:
    return task.build_encoder()


def test_blocks_are_two_of_half_the_width_side_by_side():
    output = SplitBrainTask(recipe=Recipe(width=0.5, crop=131)).build_encoder().output
    assert tuple(output) == (*BLOCK_NAMES, EMBEDDING)
    shapes = [list(output[block].shape[1:]) for block in BLOCK_NAMES]
    assert shapes == [[31, 31, 48], [15, 15, 128], [7, 7, 192], [7, 7, 192], [7, 7, 128]]
    assert list(output[EMBEDDING].shape) == [None, 1024]
    assert output[EMBEDDING].dtype == tf.float32


def test_one_half_sees_lightness_and_the_other_colour(encoder):
    # Colours this near to gray fit into sRGB at every lightness of the photo.
    lab = rgb2lab(patches().numpy()) * (0.5, 0.1, 0.1) + (30, 0, 0)
    seen = encoder(255 * lab2rgb(lab).astype(np.float32))
    lighter = encoder(255 * lab2rgb(lab + (15, 0, 0)).astype(np.float32))
    colored = encoder(255 * lab2rgb(lab + (0, 9, -7)).astype(np.float32))
    for name, values in seen.items():
        sees_l, sees_ab = np.split(values.numpy(), 2, axis=-1)
        np.testing.assert_allclose(np.split(colored[name], 2, axis=-1)[0], sees_l, atol=0.01, err_msg=name)
        np.testing.assert_allclose(np.split(lighter[name], 2, axis=-1)[1], sees_ab, atol=0.01, err_msg=name)
        assert np.abs(np.split(lighter[name], 2, axis=-1)[0] - sees_l).max() > 0.05, name
        assert np.abs(np.split(colored[name], 2, axis=-1)[1] - sees_ab).max() > 0.05, name


def test_targets_are_the_colours_and_the_lightness_of_the_points(task):
    batch = task.views({"patches": patches()})
    np.testing.assert_allclose(tf.reduce_sum(batch["colors"], axis=-1), 1, rtol=1e-5)
    points = rgb2lab(patches().numpy())[:, 29:38:8, 45:54:8, 0].reshape(4, 4)  # around pixel (33, 49)
    expected = np.zeros([4, 100])
    for patch, values in enumerate(points):
        for value in values:
            expected[patch, int(value)] += 0.25
    np.testing.assert_allclose(batch["lightness"][:, 1, 2], expected)


def test_white_is_in_the_last_bin(task):
    batch = task.views({"patches": tf.fill([1, 96, 96, 3], tf.constant(255, tf.uint8))})
    np.testing.assert_array_equal(batch["lightness"][..., 99], 1)


def test_each_loss_trains_its_own_half(task, encoder):
    head = task.build_head(encoder)
    batch = task.views({"patches": patches()})
    for target, own, other in (("colors", "sees_L", "sees_ab"), ("lightness", "sees_ab", "sees_L")):
        with tf.GradientTape() as tape:
            loss = task.losses(task.forward(encoder, head, batch, training=True), batch).terms[target]
        weights = {name: encoder.get_layer(name).trainable_weights for name in (own, other)}
        gradients = tape.gradient(loss, weights)
        assert all(np.abs(gradient).max() > 0 for gradient in gradients[own])
        assert all(gradient is None or not np.any(gradient) for gradient in gradients[other])


def test_a_few_steps_beat_every_constant_answer():
    task = SplitBrainTask(recipe=RECIPE)
    model = build_model(task, steps_per_epoch=100)
    batch = task.views({"patches": patches()})
    step = tf.function(model.train_step)
    for _ in range(25):
        model.reset_metrics()
        logs = step(batch)
    extremes = task.epoch_logs()
    for target in task.loss_names():
        lowest, constant = extremes[f"{target}/lowest"], extremes[f"{target}/constant"]
        assert lowest < float(logs[target]) < lowest + 0.75 * (constant - lowest), target


def test_mixed_precision_leaves_the_embedding_float32():
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        output = SplitBrainTask(recipe=RECIPE).build_encoder().output
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert output["conv5"].dtype == tf.bfloat16
    assert output[EMBEDDING].dtype == tf.float32


def test_exported_and_loaded_it_is_the_same(encoder, tmp_path):
    encoder(patches(), training=True)  # moving statistics that are not the initial ones
    loaded = Export.open(export_encoder(encoder, tmp_path / "splitbrain", resize_edge=108)).encoder()
    expected, outputs = encoder(patches()), loaded(patches())
    for name, values in expected.items():
        np.testing.assert_allclose(outputs[name], values, rtol=1e-4, atol=1e-4, err_msg=name)


def test_the_mean_of_the_predicted_lightness():
    logits = np.full([2, 100], -1000.0, np.float32)
    logits[0, 60] = 0.0
    logits[1, [10, 30]] = np.log(3.0), 0.0  # three to one
    np.testing.assert_allclose(mean_lightness(tf.constant(logits)), [[60.5], [15.5]], rtol=1e-5)


def test_the_picture_has_four_versions_of_each_patch(task, encoder):
    batch = {"patches": patches()}
    pictures = task.pictures(encoder, task.build_head(encoder), batch)
    assert list(pictures) == ["splitbrain"]
    assert pictures["splitbrain"].shape == (round(1.95 * 4 * 80), round(1.7 * 4 * 80), 3)
    assert pictures["splitbrain"].dtype == np.uint8
