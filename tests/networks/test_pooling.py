"""Block outputs pooled to the probes' grids."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.encoders import build_encoder
from aesthkeras.networks.pooling import PROBE_GRIDS, pool_block, pool_blocks, pool_window, tiling_window


@pytest.mark.parametrize(
    "size, grid, window",
    [(55, 10, (19, 4)), (27, 6, (12, 3)), (13, 5, (9, 1)), (13, 6, (8, 1))],
)
def test_windows_at_227_px_are_vissls(size: int, grid: int, window: tuple[int, int]):
    assert pool_window(size, grid) == window


@pytest.mark.parametrize("grid", [5, 6, 10])
def test_windows_cover_every_map_exactly(grid: int):
    for size in range(1, 130):
        kernel, stride = pool_window(size, grid)
        positions = min(size, grid)
        assert (positions - 1) * stride + kernel == size  # the last window ends on the last position
        assert stride <= kernel  # no position is skipped


@pytest.mark.parametrize("size", [3, 7, 13, 15, 31])
@pytest.mark.parametrize("grid", [5, 6])
def test_values_against_plain_means(size: int, grid: int):
    features = np.random.default_rng(size).normal(size=(2, size, size, 3)).astype(np.float32)
    kernel, stride = pool_window(size, grid)
    starts = range(0, size - kernel + 1, stride)
    expected = [
        [
            features[n, row : row + kernel, column : column + kernel].mean((0, 1))
            for row in starts
            for column in starts
        ]
        for n in range(2)
    ]
    pooled = pool_block(tf.constant(features), grid)
    np.testing.assert_allclose(pooled, np.reshape(expected, (2, -1)), rtol=1e-5, atol=1e-6)


def test_one_pixel_weighs_the_same_in_each_window_that_holds_it():
    # 13 -> 5: kernel 9, stride 1. The corner lies in one window of 25, the centre in all of them.
    corner, centre = np.zeros((2, 1, 13, 13, 1), np.float32)
    corner[0, 0, 0, 0] = centre[0, 6, 6, 0] = 81.0
    np.testing.assert_allclose(pool_block(tf.constant(corner), 5)[0], [1.0] + 24 * [0.0], atol=1e-6)
    np.testing.assert_allclose(pool_block(tf.constant(centre), 5)[0], 25 * [1.0], rtol=1e-6)


def test_channels_are_innermost():
    features = np.zeros((1, 13, 13, 2), np.float32)
    features[..., 1] = 7.0
    np.testing.assert_allclose(pool_block(tf.constant(features), 5)[0], 25 * [0.0, 7.0], rtol=1e-6)


def test_map_no_larger_than_the_grid_stays_whole():
    features = np.random.default_rng(0).normal(size=(2, 4, 4, 3)).astype(np.float32)
    np.testing.assert_array_equal(pool_block(tf.constant(features), 6), features.reshape(2, -1))


def test_means_are_float32_under_mixed_precision():
    # A window holds 361 ones: a sum in bfloat16 would stop growing at 256.
    features = tf.ones((1, 55, 55, 1), tf.bfloat16)
    pooled = pool_block(features, 10)
    assert pooled.dtype == tf.float32
    np.testing.assert_allclose(pooled, np.ones((1, 100)), rtol=1e-6)


@pytest.mark.parametrize(
    "size, width, values",
    [
        (227, 1.0, [9600, 9216, 9600, 9600, 9216]),
        (131, 0.5, [4800, 4608, 4800, 4800, 4608]),
        (96, 0.125, [100 * 16, 36 * 32, 16 * 48, 16 * 48, 16 * 32]),  # conv3 to conv5 are 4x4 maps
    ],
)
def test_alexnet_values(size: int, width: float, values: list[int]):
    encoder = build_encoder("alexnet", input_size=size, width=width)
    pooled = pool_blocks(encoder(np.zeros((2, size, size, 3), np.uint8)))
    assert list(pooled) == list(PROBE_GRIDS)
    assert [list(features.shape) for features in pooled.values()] == [[2, number] for number in values]


def test_works_with_an_unknown_batch_size():
    function = tf.function(pool_blocks, input_signature=[{"conv5": tf.TensorSpec([None, 13, 13, 256])}])
    assert list(function.get_concrete_function().structured_outputs["conv5"].shape) == [None, 9216]


@pytest.mark.parametrize(
    "size, grid, window",
    [(55, 10, (6, 3)), (27, 6, (4, 0)), (13, 5, (3, 1)), (13, 6, (2, 0)), (7, 6, None)],
)
def test_tiling_windows_at_227_px_are_deepclusters(size: int, grid: int, window: tuple[int, int] | None):
    assert tiling_window(size, grid) == window


@pytest.mark.parametrize("size", [7, 13, 15, 27, 31, 55])
@pytest.mark.parametrize("grid", [5, 6, 10])
@pytest.mark.parametrize("pooling", ["deepcluster", "max"])
def test_tiles_against_plain_means_and_maxima(size: int, grid: int, pooling: str):
    features = np.random.default_rng(size).random((2, size, size, 3)).astype(np.float32)
    window = tiling_window(size, grid) if size > grid else None
    kernel, padding = window or (0, 0)
    stride = kernel
    if window is None:
        kernel, stride = pool_window(size, grid)
    padded = np.pad(features, [(0, 0), (padding, padding), (padding, padding), (0, 0)])
    starts = [stride * place for place in range(min(size, grid))]
    reduce = np.max if pooling == "max" else np.mean
    expected = [
        [reduce(padded[n, r : r + kernel, c : c + kernel], axis=(0, 1)) for r in starts for c in starts]
        for n in range(2)
    ]
    pooled = pool_block(tf.constant(features), grid, pooling)
    np.testing.assert_allclose(pooled, np.reshape(expected, (2, -1)), rtol=1e-5, atol=1e-6)


def test_resizing_takes_the_nearest_positions_bilinearly():
    ramp = np.tile(np.arange(20, dtype=np.float32)[:, np.newaxis, np.newaxis], (1, 1, 20, 1))
    pooled = tf.reshape(pool_block(tf.constant(ramp), 5, "zhang"), [5, 5])
    np.testing.assert_allclose(pooled[:, 0], [1.5, 5.5, 9.5, 13.5, 17.5])  # centres of five equal parts


@pytest.mark.parametrize("pooling", ["vissl", "deepcluster", "max", "zhang"])
def test_all_poolings_give_the_papers_values_at_227(pooling: str):
    maps = {"conv1": (55, 96), "conv2": (27, 256), "conv3": (13, 384), "conv4": (13, 384), "conv5": (13, 256)}
    outputs = {name: tf.ones([1, edge, edge, channels]) for name, (edge, channels) in maps.items()}
    pooled = pool_blocks(outputs, pooling)
    assert [values.shape[1] for values in pooled.values()] == [9600, 9216, 9600, 9600, 9216]


def test_statistics_of_a_channel_that_is_silent_have_a_gradient():
    features = tf.zeros([2, 5, 5, 3])
    with tf.GradientTape() as tape:
        tape.watch(features)
        pooled = pool_block(features, 5, "statistics")
    assert pooled.shape == (2, 9)
    np.testing.assert_allclose(pooled, np.tile([0, 0, 0, 1e-3, 1e-3, 1e-3, 0, 0, 0], (2, 1)), atol=1e-9)
    assert np.isfinite(tape.gradient(pooled, features)).all()


def test_covariances_are_numpys_and_only_of_maps_with_positions_enough():
    features = np.random.default_rng(0).gamma(1.0, 2.0, (2, 8, 5, 4)).astype(np.float32)
    features[..., 3] += 0.5 * features[..., 1]
    pooled = pool_block(tf.constant(features), 5, "covariance").numpy()
    np.testing.assert_array_equal(pooled[:, :12], pool_block(tf.constant(features), 5, "statistics"))
    expected = [np.cov(photo.reshape(40, 4).T, bias=True)[np.triu_indices(4, 1)] for photo in features]
    np.testing.assert_allclose(pooled[:, 12:], expected, rtol=1e-4, atol=1e-5)
    assert pool_block(tf.constant(features[:, :7]), 5, "covariance").shape == (
        2,
        12,
    )  # 35 positions, 4 channels


def test_statistics_do_not_say_where():
    features = np.random.default_rng(0).random((1, 6, 6, 4), np.float32)
    moved = np.random.default_rng(1).permutation(features.reshape(36, 4)).reshape(1, 6, 6, 4)
    plain = pool_block(tf.constant(features), 5, "statistics")
    np.testing.assert_allclose(pool_block(tf.constant(moved), 5, "statistics"), plain, rtol=1e-5)
    values = features.reshape(36, 4)
    by_hand = np.concatenate([values.mean(0), values.std(0), values.max(0)])
    np.testing.assert_allclose(plain[0], by_hand, rtol=1e-4)
