"""Context: where patches are cut, how they are coarsened and lose their colour, what is learned from them."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from skimage import data

from aesthkeras.encoders.pixels import PixelStandardization
from aesthkeras.errors import UsageError
from aesthkeras.photos.views import resize_shorter_edge
from aesthkeras.pretext.feeding import step_dataset
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.tasks.context import patches as context_patches
from aesthkeras.pretext.tasks.context.options import ContextOptions
from aesthkeras.pretext.tasks.context.task import ContextTask
from aesthkeras.pretext.training import build_model

RECIPE = Recipe(width=0.125, resize=108, crop=96, batch_size=8, precision="float32")
SMALL = ContextOptions(patch=60, gap=30, jitter=4, grid_resize=256, fusion_units=64)


def coordinates(edge: int) -> tf.Tensor:
    """A square whose pixels say where they are: row, column, 0."""
    rows, columns = np.mgrid[:edge, :edge]
    return tf.constant(np.stack([rows, columns, 0 * rows], axis=-1), tf.int32)


def photo(edge: int = 96) -> np.ndarray:
    return np.asarray(Image.fromarray(data.astronaut()).resize((edge, edge), Image.Resampling.BOX))


def test_papers_grid_is_398_pixels_wide():
    assert ContextOptions().grid_edge() == 3 * 96 + 2 * 48 + 2 * 7
    assert SMALL.grid_edge() == 180 + 60 + 8


def test_patches_lie_where_the_grid_says():
    # Patches of 10 with gaps of 4 and shifts up to 2: the grid begins at 2, its columns at 2, 16 and 30.
    squares = tf.stack([coordinates(42)] * 8)
    no_shift = tf.zeros([8, 2, 2], tf.int32)
    pairs = context_patches.cut_pairs(squares, tf.range(8), patch=10, gap=4, shifts=no_shift).numpy()
    assert pairs.shape == (8, 2, 10, 10, 3)
    assert (pairs[:, 0, 0, 0, :2] == 16).all()
    corners = [tuple(corner) for corner in pairs[:, 1, 0, 0, :2]]
    assert corners == [(2, 2), (2, 16), (2, 30), (16, 2), (16, 30), (30, 2), (30, 16), (30, 30)]
    np.testing.assert_array_equal(pairs[2, 1, 9, 9, :2], (11, 39))


def test_each_patch_is_shifted_by_its_own_rows_and_columns():
    shifts = tf.constant([[[2, -1], [-2, 1]]])
    pair = context_patches.cut_pairs(coordinates(42)[tf.newaxis], tf.constant([7]), 10, 4, shifts).numpy()
    np.testing.assert_array_equal(pair[0, :, 0, 0, :2], [(18, 15), (28, 31)])


def test_names_say_where_the_positions_are():
    for (row, column), name in zip(context_patches.POSITIONS, context_patches.POSITION_NAMES):
        assert ("upper" in name or name == "above") == (row == 0)
        assert ("lower" in name or name == "below") == (row == 2)
        assert ("left" in name) == (column == 0)
        assert ("right" in name) == (column == 2)


@pytest.mark.parametrize(("patch", "target"), [(60, 96), (96, 96), (120, 96)])
def test_a_patch_that_is_not_coarsened_is_resized_as_photos_are(patch, target):
    weights = context_patches.coarsening_weights(patch, target)[-1]
    expected = resize_shorter_edge(tf.constant(photo(patch)), target).numpy()
    assert np.abs(resized(photo(patch), weights) - expected).max() <= 0.51


@pytest.mark.parametrize("edge", [10, 37])
def test_a_coarsened_patch_is_shrunk_and_enlarged_as_photos_are(edge):
    weights = context_patches.coarsening_weights(60, 96)[edge - 10]
    expected = resize_shorter_edge(resize_shorter_edge(tf.constant(photo(60)), edge), 96).numpy()
    # photos are rounded in between, too
    assert np.abs(resized(photo(60), weights) - expected).max() <= 1.01


def resized(pixels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """All three channels of a photo, each as if it were the one kept."""
    channels = context_patches.pick_channels(tf.constant(np.stack([pixels] * 3)), tf.range(3))
    rows = tf.constant(np.stack([weights] * 3))
    return context_patches.resize_channels(channels, rows).numpy().transpose(1, 2, 0)


def test_a_third_is_coarsened_down_to_100_pixels_with_pixel_counts_drawn_evenly():
    edges = 10 + context_patches.draw_coarseness(30_000, 60, tf.constant([1, 2])).numpy()
    assert edges.min() == 10
    coarse = edges[edges < 60]
    assert len(coarse) / len(edges) == pytest.approx(1 / 3, abs=0.01)
    # Pixel counts from 100 to 3600: half of them lie below 1850, an edge of 43.01.
    assert (coarse < 43).mean() == pytest.approx(0.5, abs=0.02)


def test_one_channel_is_left_at_one_size_and_noise_in_the_others():
    patches = np.stack([photo(), photo()[::-1] // 3, photo()[:, ::-1]])
    kept = context_patches.drop_colours(
        context_patches.pick_channels(tf.constant(patches), tf.constant([0, 1, 2])),
        tf.constant([0, 1, 2]),
        tf.constant([3, 4]),
    )
    seen = PixelStandardization()(kept).numpy()
    for channel, (view, original) in enumerate(zip(seen, patches)):
        expected = original[..., channel] - original[..., channel].mean()
        np.testing.assert_allclose(view[..., channel], 3**0.5 * expected / expected.std(), atol=1e-3)
        assert np.mean(view**2) == pytest.approx(1, abs=0.01)
        for other in {0, 1, 2} - {channel}:
            assert np.std(view[..., other]) == pytest.approx(0.01 * 3**0.5, rel=0.05)
            assert abs(np.corrcoef(view[..., other].ravel(), expected.ravel())[0, 1]) < 0.05


def test_a_patch_of_one_colour_stays_flat():
    kept = context_patches.drop_colours(tf.fill([1, 96, 96], 200.0), tf.constant([1]), tf.constant([0, 0]))
    seen = PixelStandardization()(kept).numpy()
    assert np.isfinite(seen).all()
    assert np.abs(seen).max() < 0.06
    assert np.abs(context_patches.visible(kept.numpy()).astype(int) - 127).max() <= 2


def squares(count: int) -> dict[str, tf.Tensor]:
    """The same square of the photo `count` times: only position, shift and colour differ."""
    return {
        "patches": tf.constant(np.stack([photo(300)[20:268, 30:278]] * count)),
        "photo": tf.range(count, dtype=tf.int64),
        "seed": tf.constant([8, 1]),
    }


def test_views_are_pairs_of_the_encoders_size_and_follow_from_the_seed():
    task = ContextTask(SMALL, RECIPE)
    assert (task.photo_edge, task.patch_edge) == (256, 248)
    views = task.views(squares(32))
    assert views["views"].shape == (32, 2, 96, 96, 3)
    assert set(views["classes"].numpy()[:, 0]) == set(range(8))
    deviations = views["views"].numpy().std(axis=(2, 3))
    assert set(deviations.argmax(axis=-1).ravel()) == {0, 1, 2}
    stream = step_dataset(tf.data.Dataset.from_tensors(squares(32)), task)
    np.testing.assert_allclose(next(iter(stream))["views"], views["views"], atol=1e-3)


def test_loss_is_the_cross_entropy_and_metrics_count_positions():
    task = ContextTask(SMALL, RECIPE)
    batch = {"classes": tf.constant([[0], [4]])}
    outputs = {"logits": tf.stack([tf.zeros([1, 8]), tf.one_hot([5], 8) * 100])}
    result = task.losses(outputs, batch)
    np.testing.assert_allclose(result.terms["classification"], [math.log(8), 100.0], rtol=1e-5)
    task.update_metrics(outputs, batch, result)
    assert float(task.step_logs()["accuracy"]) == 0.5
    assert task.epoch_logs()["accuracy/upper_left"] == 1
    assert task.epoch_logs()["accuracy/right"] == 0


def test_a_few_steps_learn_the_places_in_one_photo():
    task = ContextTask(SMALL, dataclasses.replace(RECIPE, learning_rate=0.05))
    model = build_model(task, steps_per_epoch=1000)
    batch = task.views(squares(24))
    step = tf.function(model.train_step)
    for _ in range(12):
        model.reset_metrics()
        logs = step(batch)
    assert float(logs["accuracy"]) > 0.5
    pictures = task.pictures(model.encoder, model.head, batch)
    assert set(pictures) == {"pairs", "confusion"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"grid_resize": 397}, "grid_resize=397: expected at least 398"),
        ({"patch": 9}, "patch=9: expected at least 10"),
        ({"gap": 13}, "gap=13: expected at least twice jitter=7"),
    ],
)
def test_a_grid_that_does_not_fit_is_refused(changes, message):
    with pytest.raises(UsageError, match=message):
        ContextOptions(**changes)
