"""Counting: views, the photo that is really another one, and both terms against values worked out by hand."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from skimage import data

from aesthkeras.errors import UsageError
from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.pretext.feeding import step_dataset
from aesthkeras.pretext.model import total_loss
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.tasks.counting import losses
from aesthkeras.pretext.tasks.counting.options import CountingOptions
from aesthkeras.pretext.tasks.counting.task import HALVINGS, CountingTask
from aesthkeras.pretext.training import build_model

CROP = 96
RECIPE = Recipe(width=0.125, resize=108, crop=CROP, batch_size=6, precision="float32")
PHOTOS = [data.astronaut, data.coffee, data.chelsea]


def squares(photos: list[int], seed: int = 0) -> dict[str, tf.Tensor]:
    """A batch of squares of two tiles; two of one photo lie at different places."""
    cut = []
    for place, photo in enumerate(photos):
        top, left = 20 * place, 30 * place
        cut.append(PHOTOS[photo]()[top : top + 2 * CROP, left : left + 2 * CROP])
    return {
        "patches": tf.constant(np.stack(cut)),
        "photo": tf.constant(photos, tf.int64),
        "seed": tf.constant([seed, 3]),
    }


def colour_task(**options: float) -> CountingTask:
    return CountingTask(CountingOptions(gray_share=0, **options), RECIPE)


def test_distance_of_the_whole_to_the_sum_of_its_tiles():
    # The tiles hold 1 + 0 + 2 + 0 and 0 + 1 + 0 + 0, the whole 5 and 1: (5 - 3)^2 + (1 - 1)^2.
    tiles = tf.constant([[[1.0, 0.0], [0.0, 1.0], [2.0, 0.0], [0.0, 0.0]]])
    np.testing.assert_allclose(losses.count_distances(tf.constant([[5.0, 1.0]]), tiles), [4.0])
    np.testing.assert_allclose(losses.contrastive_hinge(tf.constant([4.0, 12.0]), 10.0), [6.0, 0.0])


def test_losses_follow_from_counts():
    # x holds 3, its tiles 1, 1, 1, 0. y holds 1, its tiles 2, 0, 0, 0.
    counts = tf.constant([[[3.0], [1.0], [1.0], [1.0], [0.0]], [[1.0], [2.0], [0.0], [0.0], [0.0]]])
    others = {"other": counts[::-1, 0], "has_partner": tf.constant([True, True])}
    result = colour_task().losses({"counts": counts, **others}, {})
    # Own: (3 - 3)^2 and (1 - 2)^2. Other: 10 - (1 - 3)^2 and 10 - (3 - 2)^2.
    np.testing.assert_allclose(result.terms["counting"], [0.0, 1.0])
    np.testing.assert_allclose(result.terms["contrastive"], [6.0, 9.0])
    assert float(total_loss(result)) == pytest.approx((0 + 6 + 1 + 9) / 2)


@pytest.mark.parametrize("count", [0.0, 0.1, 5.0])
def test_a_counter_that_sees_nothing_cannot_get_below_the_margin(count):
    # A constant c gives (c - 4c)^2 per counter in one term and 10 minus that, at least 0, in the other.
    others = {"other": tf.fill([2, 1], count), "has_partner": tf.constant([True, True])}
    loss = total_loss(colour_task().losses({"counts": tf.fill([2, 5, 1], count), **others}, {}))
    assert float(loss) == pytest.approx(max(10.0, 9 * count**2), rel=1e-6)


def test_the_other_photo_is_another_one_even_where_most_of_the_batch_is_of_one():
    photo = np.array([4, 4, 4, 4, 4, 9, 4, 7])
    drawn = set()
    for seed in range(40):
        partner, has_partner = losses.other_photo(tf.constant(photo), tf.constant([seed, 0]))
        assert (photo[partner.numpy()] != photo).all()
        assert has_partner.numpy().all()
        drawn.add(int(partner[0]))
    assert drawn == {5, 7}


def test_a_batch_of_one_photo_teaches_nothing():
    task = colour_task()
    batch = task.views(squares([1, 1]))
    _, has_partner = losses.other_photo(batch["photo"], batch["partner_seeds"][0])
    assert not has_partner.numpy().any()
    outputs = {"counts": tf.ones([2, 5, 3]), "other": tf.ones([2, 3]), "has_partner": has_partner}
    result = task.losses(outputs, batch)
    assert float(total_loss(result)) == 0
    task.update_metrics(outputs, batch, result)
    assert task.epoch_logs()["violations"] == 0


@pytest.mark.parametrize("seed", range(3))
def test_tiles_are_the_quarters_in_reading_order(seed):
    batch = squares([0, 1], seed)
    views = colour_task().views(batch)["views"].numpy()
    assert views.shape == (2, 5, CROP, CROP, 3)
    assert views.dtype == np.uint8
    square = batch["patches"].numpy()
    top = np.concatenate([views[:, 1], views[:, 2]], axis=2)
    bottom = np.concatenate([views[:, 3], views[:, 4]], axis=2)
    np.testing.assert_array_equal(np.concatenate([top, bottom], axis=1), square)


def test_each_halving_is_pillows_and_all_of_them_are_drawn():
    filters = dict(zip(HALVINGS, ("BOX", "BILINEAR", "BICUBIC", "LANCZOS")))
    seen = set()
    for seed in range(24):
        batch = squares([2], seed)
        halved = colour_task().views(batch)["views"][0, 0].numpy().astype(int)
        photo = Image.fromarray(batch["patches"][0].numpy())
        for name, kind in filters.items():
            expected = np.asarray(photo.resize((CROP, CROP), Image.Resampling[kind])).astype(int)
            if np.abs(halved - expected).max() <= 1:
                seen.add(name)
                break
        else:
            pytest.fail("no filter of Pillow's gives these pixels")
    assert seen == set(HALVINGS)


def test_gray_squares_are_gray_in_every_view_and_the_others_untouched():
    task = CountingTask(CountingOptions(gray_share=0.5), RECIPE)
    batch = squares([0, 1, 2, 0, 1, 2])
    views = task.views(batch)["views"].numpy().astype(int)
    is_gray = (np.ptp(views, axis=-1) == 0).all(axis=(1, 2, 3))
    assert 0 < is_gray.sum() < 6
    for index in np.flatnonzero(is_gray):
        expected = np.asarray(Image.fromarray(batch["patches"][index].numpy()).convert("L")).astype(int)
        assert np.abs(views[index, 1, ..., 0] - expected[:CROP, :CROP]).max() <= 1
    for index in np.flatnonzero(~is_gray):
        np.testing.assert_array_equal(views[index, 1], batch["patches"][index, :CROP, :CROP])


def test_the_halved_square_is_what_probing_shows_the_encoder():
    task = colour_task()
    assert (task.photo_edge, task.patch_edge) == (216, 192)
    assert task.build_encoder().input_shape == (None, CROP, CROP, 3)


def test_one_patch_a_batch_and_one_photo_in_all_are_refused():
    with pytest.raises(UsageError, match="batch_size=1: expected at least 2"):
        CountingTask(CountingOptions(), dataclasses.replace(RECIPE, batch_size=1))
    with pytest.raises(UsageError, match="data_dir: expected at least 2 photos"):
        colour_task().study(PhotoSet(["one.jpg"], 0, ""))


def test_training_gets_below_the_margin_and_does_not_collapse():
    recipe = dataclasses.replace(RECIPE, learning_rate=3e-4)
    task = CountingTask(CountingOptions(gray_share=0), recipe)
    model = build_model(task, steps_per_epoch=1000)
    stream = step_dataset(tf.data.Dataset.from_tensors(squares([0, 1, 2])), task)
    batch = next(iter(stream))
    step = tf.function(model.train_step)
    for _ in range(40):
        model.reset_metrics()
        logs = step(batch)
    assert float(logs["counting"]) + float(logs["contrastive"]) < 6
    assert float(logs["told_apart"]) == 1
    assert task.epoch_logs()["count_norm"] > 1
    pictures = task.pictures(model.encoder, model.head, batch)
    assert set(pictures) == {"views", "distances"}
    assert all(picture.dtype == np.uint8 and picture.shape[2] == 3 for picture in pictures.values())
    assert keras.mixed_precision.global_policy().name == "float32"
