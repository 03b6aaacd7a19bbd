"""Context: where patches are cut, how they are coarsened and lose their colour, what is learned from them."""

from __future__ import annotations

import dataclasses
import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from skimage import data

from aesthkeras.encoders.alexnet import AlexNet, pooled_edge, pooled_features
from aesthkeras.encoders.pixels import PixelStandardization
from aesthkeras.errors import UsageError
from aesthkeras.photos.views import resize_shorter_edge
from aesthkeras.pretext.feeding import step_dataset
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.start import block_weights, take_blocks
from aesthkeras.pretext.tasks.context import patches as context_patches
from aesthkeras.pretext.tasks.context.options import ContextOptions
from aesthkeras.pretext.tasks.context.task import ContextTask
from aesthkeras.pretext.training import build_model

RECIPE = Recipe(width=0.125, resize=108, crop=96, batch_size=8, precision="float32")
SMALL = ContextOptions(grid=2, patch=67, gap=20, jitter=4, grid_resize=200, fusion_units=64)


def coordinates(edge: int) -> tf.Tensor:
    """A square whose pixels say where they are: row, column, 0."""
    rows, columns = np.mgrid[:edge, :edge]
    return tf.constant(np.stack([rows, columns, 0 * rows], axis=-1), tf.int32)


def photo(edge: int = 96) -> np.ndarray:
    return np.asarray(Image.fromarray(data.astronaut()).resize((edge, edge), Image.Resampling.BOX))


def test_papers_grid_is_398_pixels_wide():
    assert ContextOptions().grid_edge() == 3 * 96 + 2 * 48 + 2 * 7
    assert SMALL.grid_edge() == 134 + 20 + 8


def test_patches_lie_where_the_grid_says():
    # Patches of 10 with gaps of 4 and shifts up to 2: the grid begins at 2, its columns at 2, 16 and 30.
    no_shift = tf.zeros([2, 9, 2], tf.int32)
    squares = tf.stack([coordinates(42)] * 2)
    patches = context_patches.cut_grid(squares, 3, patch=10, gap=4, shifts=no_shift).numpy()
    assert patches.shape == (2, 9, 10, 10, 3)
    corners = [tuple(corner) for corner in patches[1, :, 0, 0, :2]]
    assert corners == [(row, column) for row in (2, 16, 30) for column in (2, 16, 30)]
    np.testing.assert_array_equal(patches[0, 2, 9, 9, :2], (11, 39))


def test_each_patch_is_shifted_by_its_own_rows_and_columns():
    shifts = tf.constant([[[2, -1], [0, 0], [0, 0], [-2, 1]]])
    patches = context_patches.cut_grid(coordinates(28)[tf.newaxis], 2, 10, 4, shifts).numpy()
    np.testing.assert_array_equal(patches[0, :, 0, 0, :2], [(4, 1), (2, 16), (16, 2), (14, 17)])


@pytest.mark.parametrize(("grid", "count"), [(2, 12), (3, 40)])
def test_all_neighbours_are_paired_in_both_orders(grid, count):
    pairs = context_patches.neighbour_pairs(grid)
    assert len(pairs) == len({(first, second) for first, second, _ in pairs}) == count
    places = {}
    for first, second, position in pairs:
        places.setdefault(position, set()).add((second // grid - first // grid, second % grid - first % grid))
        assert (second, first, 7 - position) in {tuple(pair) for pair in pairs}
    assert places == {index: {place} for index, place in enumerate(context_patches.POSITIONS)}


def test_names_say_where_the_positions_are():
    for (row, column), name in zip(context_patches.POSITIONS, context_patches.POSITION_NAMES):
        assert ("upper" in name or name == "above") == (row < 0)
        assert ("lower" in name or name == "below") == (row > 0)
        assert ("left" in name) == (column < 0)
        assert ("right" in name) == (column > 0)


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
    """The same square of the photo `count` times: only shift and colour differ."""
    return {
        "patches": tf.constant(np.stack([photo(200)[20:182, 30:192]] * count)),
        "photo": tf.range(count, dtype=tf.int64),
        "seed": tf.constant([8, 1]),
    }


def test_views_are_patches_as_they_are_and_follow_from_the_seed():
    task = ContextTask(SMALL, RECIPE)
    assert (task.photo_edge, task.patch_edge, task.images_per_step) == (200, 162, 4 * 8)
    views = task.views(squares(9))
    assert views["views"].shape == (9, 4, 67, 67, 3)
    assert views["classes"].shape == (9, 12)
    assert set(views["classes"].numpy()[0]) == set(range(8))
    deviations = views["views"].numpy().std(axis=(2, 3))
    assert set(deviations.argmax(axis=-1).ravel()) == {0, 1, 2}
    stream = step_dataset(tf.data.Dataset.from_tensors(squares(9)), task)
    np.testing.assert_allclose(next(iter(stream))["views"], views["views"], atol=1e-3)


def test_pairs_see_their_patches_in_their_order():
    task = ContextTask(SMALL, RECIPE)
    encoder = task.build_encoder()
    head = keras.Sequential([keras.Input([2, 32]), keras.layers.Flatten()])
    seen = task.forward(
        encoder, lambda pairs, training: {"logits": head(pairs)}, task.views(squares(2)), False
    )
    one = pooled_features(encoder, task.views(squares(2))["views"][1], training=False)
    for pair, (first, second, _) in zip(seen["logits"][1], context_patches.neighbour_pairs(2)):
        np.testing.assert_allclose(pair, np.concatenate([one[first], one[second]]), atol=1e-4)


def test_convolutions_answer_at_the_size_of_the_patches():
    small, large = (AlexNet(size, 0.125, seed=seed) for size, seed in ((96, 1), (131, 2)))
    take_blocks(large, block_weights(small))
    images = np.random.default_rng(0).uniform(0, 255, (2, 96, 96, 3)).astype(np.float32)
    expected = keras.Model(small.input, small.get_layer("flat").output)(images)
    np.testing.assert_allclose(pooled_features(large, images, training=False), expected, atol=1e-5)
    for edge in (67, 95, 96):
        seen = pooled_features(large, images[:, :edge, :edge], training=False)
        assert seen.shape == (2, 32 * pooled_edge(edge) ** 2)
    assert (pooled_edge(66), pooled_edge(227)) == (0, 6)


def test_loss_is_the_cross_entropy_and_metrics_count_positions():
    task = ContextTask(SMALL, RECIPE)
    batch = {"classes": tf.constant([[0, 0], [4, 4]])}
    outputs = {"logits": tf.stack([tf.zeros([2, 8]), tf.one_hot([5, 4], 8) * 100])}
    result = task.losses(outputs, batch)
    np.testing.assert_allclose(result.terms["classification"], [math.log(8), 50.0], rtol=1e-5)
    task.update_metrics(outputs, batch, result)
    assert float(task.step_logs()["accuracy"]) == 0.75
    assert task.epoch_logs()["accuracy/upper_left"] == 1
    assert task.epoch_logs()["accuracy/right"] == 0.5


def test_a_few_steps_learn_the_places_in_one_photo():
    task = ContextTask(SMALL, dataclasses.replace(RECIPE, learning_rate=0.05))
    model = build_model(task, steps_per_epoch=1000)
    batch = task.views(squares(8))
    step = tf.function(model.train_step)
    for _ in range(12):
        model.reset_metrics()
        logs = step(batch)
    assert float(logs["accuracy"]) > 0.5
    pictures = task.pictures(model.encoder, model.head, batch)
    assert set(pictures) == {"grid", "confusion"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"grid_resize": 397}, "grid_resize=397: expected at least 398"),
        ({"patch": 66}, "patch=66: expected at least 67"),
        ({"grid": 1}, "grid=1: expected 2 to 8"),
        ({"gap": 13}, "gap=13: expected at least twice jitter=7"),
    ],
)
def test_a_grid_that_does_not_fit_is_refused(changes, message):
    with pytest.raises(UsageError, match=message):
        ContextOptions(**changes)


def test_encoders_whose_layers_are_no_chain_are_refused():
    with pytest.raises(UsageError, match="encoder_name=resnet18: expected alexnet"):
        ContextTask(SMALL, dataclasses.replace(RECIPE, encoder_name="resnet18"))
