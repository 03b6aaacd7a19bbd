"""Colours at the positions of conv5, the prior of the photos, and whether a head learns from gray."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from skimage import data
from skimage.color import lab2rgb, rgb2lab

from aesthkeras.errors import UsageError
from aesthkeras.photos.inspection import inspect_photos
from aesthkeras.pretext.color_bins import gamut_bins, soft_encoding
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.tasks.colorization.task import ColorizationTask
from aesthkeras.pretext.training import build_model

RECIPE = Recipe(width=0.125, resize=108, crop=96, batch_size=4, precision="float32", learning_rate=0.05)


def patches() -> tf.Tensor:
    photo = data.astronaut()
    return tf.constant(np.stack([photo[40 * i : 40 * i + 96, 60 : 60 + 96] for i in range(4)]))


@pytest.fixture
def task() -> ColorizationTask:
    task = ColorizationTask(recipe=RECIPE)
    task.recall({"color_prior": [1 / 313] * 313})
    return task


def test_points_lie_around_the_positions_of_conv5(task):
    lab = task.lab_at_positions(patches()).numpy()
    assert lab.shape == (4, 4, 4, 4, 3)
    expected = rgb2lab(patches().numpy())
    # The position in row 1 and column 2 is centred on pixel (33, 49).
    around = [expected[:, row, column] for row in (29, 37) for column in (45, 53)]
    np.testing.assert_allclose(lab[:, 1, 2], np.stack(around, axis=1), atol=1e-3)


def test_predicted_colours_are_shown_on_the_true_lightness(task):
    logits = np.zeros([4, 4, 4, 313], np.float32)
    logits[..., np.flatnonzero((gamut_bins() == (20, 30)).all(axis=1))] = 50
    columns = task.predicted_colors({"patches": patches()}, {"colors": tf.constant(logits)})
    lab = rgb2lab(patches().numpy())
    np.testing.assert_allclose(columns["original"], lab, atol=1e-3)
    np.testing.assert_allclose(columns["L alone"], lab * (1, 0, 0), atol=1e-3)
    np.testing.assert_allclose(columns["predicted colours"][..., 0], lab[..., 0], atol=1e-3)
    np.testing.assert_allclose(columns["predicted colours"][..., 1], 20, atol=1e-3)
    np.testing.assert_allclose(columns["predicted colours"][..., 2], 30, atol=1e-3)


def test_predictions_are_enlarged_to_the_pixels_that_their_positions_look_at(task):
    maps = tf.reshape(tf.range(32, dtype=tf.float32), [1, 4, 4, 2])
    large = task.enlarged(maps)
    assert large.shape == (1, 96, 96, 2)
    np.testing.assert_allclose(large[:, 17:66:16, 17:66:16], maps)


def write_photos(folder, colors: list[tuple[int, int, int]]):
    paths = []
    for index, color in enumerate(colors):
        paths.append(str(folder / f"{index}.png"))
        Image.new("RGB", (120, 110), color).save(paths[-1])
    return inspect_photos(paths, str(folder), edge=108, cache="memory", progress=False)


def test_the_prior_is_that_of_the_photos_with_colour(task, tmp_path, monkeypatch):
    monkeypatch.setattr("aesthkeras.pretext.tasks.colorization.task.STUDIED_BATCHES", 2)
    photos = write_photos(tmp_path, [(200, 60, 40), (128, 128, 128)])
    prior = np.array(task.study(photos)["color_prior"])
    assert prior.sum() == pytest.approx(1.0)
    red = rgb2lab(np.array([[[200, 60, 40]]], np.uint8))[0, 0, 1:].astype(np.float32)
    bins, shares = soft_encoding(tf.constant(red))
    np.testing.assert_allclose(prior[bins.numpy()], shares, atol=1e-4)


def test_gray_photos_alone_are_refused(task, tmp_path, monkeypatch):
    monkeypatch.setattr("aesthkeras.pretext.tasks.colorization.task.STUDIED_BATCHES", 1)
    photos = write_photos(tmp_path, [(90, 90, 90), (10, 12, 10)])
    with pytest.raises(UsageError, match="data_dir: expected photos with colours; all are gray"):
        task.study(photos)


def test_views_weigh_colours_and_leave_gray_patches_out(task):
    prior = np.full(313, 0.5 / 312)
    prior[0] = 0.5
    task.recall({"color_prior": prior.tolist()})
    gray = tf.fill([1, 96, 96, 3], tf.constant(77, tf.uint8))
    batch = task.views({"patches": tf.concat([patches()[:1], gray], axis=0)})
    assert batch["colors"].shape == (2, 4, 4, 313)
    # No colour of the photo is near bin 0: all weigh alike, 1 / (0.25 / 312 + 0.5 / 313) of Eq. 4, scaled.
    rare, common = 1 / (0.25 / 312 + 0.5 / 313), 1 / (0.25 + 0.5 / 313)
    np.testing.assert_allclose(
        tf.reduce_sum(batch["colors"][0], axis=-1), rare / (0.5 * rare + 0.5 * common), rtol=1e-4
    )
    np.testing.assert_array_equal(batch["colors"][1], 0)


def test_the_encoder_sees_lightness_alone(task):
    encoder = task.build_encoder()
    gray = 255 * lab2rgb(rgb2lab(patches().numpy()) * (1, 0, 0))
    seen, expected = encoder(gray.astype(np.float32)), encoder(patches())
    for name, values in expected.items():
        np.testing.assert_allclose(seen[name], values, atol=2e-3, err_msg=name)


def test_a_few_steps_beat_every_constant_answer(task):
    model = build_model(task, steps_per_epoch=100)
    batch = task.views({"patches": patches()})
    step = tf.function(model.train_step)
    for _ in range(25):
        model.reset_metrics()
        logs = step(batch)
    extremes = task.epoch_logs()
    # Soft targets have an entropy that no prediction undercuts; here it is most of the constant's loss.
    lowest, constant = extremes["colors/lowest"], extremes["colors/constant"]
    assert lowest < float(logs["colors"]) < lowest + 0.75 * (constant - lowest)
    assert model.head.output["colors"].dtype == tf.float32
