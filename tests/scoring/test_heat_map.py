"""What a heat map says, by hand on scorers that are linear in one block."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from aesthkeras.encoders import build_encoder
from aesthkeras.networks.heads import build_network, build_scorer, scorer_of_blocks, scoring_model
from aesthkeras.scoring.heat_map import AGAINST, FOR, MOST_OPAQUE, contributions, heat_picture


@pytest.fixture(scope="module")
def encoder():
    return build_encoder("alexnet", input_size=96, width=0.125)


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 96, 96, 3), np.uint8)


def linear_scorer(encoder, values, kernel):
    network = build_network(values, [], 1)
    network.get_layer("output").set_weights([kernel[np.newaxis], np.zeros((1, 1), np.float32)])
    return scoring_model(encoder, scorer_of_blocks(build_scorer(network, "binary"), encoder))


@pytest.mark.parametrize(("block", "grid", "channels"), [("conv5", 4, 32), ("conv2", 10, 32)])
def test_parts_of_a_linear_scorer_add_up_to_its_logit(encoder, pixels, block, grid, channels):
    length = {"conv5": 4 * 4 * 32, "conv2": 6 * 6 * 32}[block]
    kernel = np.random.default_rng(1).normal(0, 0.02, (length, 1)).astype(np.float32)
    outputs, heat = contributions(linear_scorer(encoder, {block: length}, kernel), pixels)
    assert heat.shape == (3, grid, grid)
    score = outputs["score"].numpy()
    logit, slope = np.log(score / (1 - score)), score * (1 - score)
    # without a bias, and with statistics of mean 0, the logit is the sum of kernel times activation
    np.testing.assert_allclose(heat.numpy().sum((1, 2)), slope * logit, rtol=1e-3, atol=1e-6)


def test_a_region_that_the_scorer_reads_is_where_the_map_is(encoder, pixels):
    kernel = np.zeros((4, 4, 32, 1), np.float32)
    kernel[1, 2] = 1
    kernel[3, 0] = -1
    _, heat = contributions(linear_scorer(encoder, {"conv5": 512}, kernel.reshape(512, 1)), pixels)
    assert (heat.numpy()[:, 1, 2] > 0).all() and (heat.numpy()[:, 3, 0] < 0).all()
    assert np.count_nonzero(heat) == 2 * 3


def test_of_two_blocks_the_earlier_one_is_shown(encoder, pixels):
    kernel = np.random.default_rng(2).normal(0, 0.01, (4 * 4 * 48 + 512, 1)).astype(np.float32)
    model = linear_scorer(encoder, {"conv3": 4 * 4 * 48, "embedding": 512}, kernel)
    outputs, heat = contributions(model, pixels)
    assert heat.shape == outputs["conv3"].shape[:3]


def maximum_of_a_channel(encoder, channel):
    """A scorer of the greatest value of one of conv2's 32 channels alone."""
    network = build_network({"conv2": 96}, [], 1)
    kernel = np.zeros((1, 96, 1), np.float32)
    kernel[0, 64 + channel] = 0.1  # behind 32 means and 32 deviations
    network.get_layer("output").set_weights([kernel, np.zeros((1, 1), np.float32)])
    scorer = scorer_of_blocks(build_scorer(network, "binary"), encoder, "statistics")
    return scoring_model(encoder, scorer)


@pytest.mark.parametrize("channel", range(0, 32, 4))
def test_a_maximum_is_spread_over_the_neighbours_of_its_cell(encoder, pixels, channel):
    outputs, heat = contributions(maximum_of_a_channel(encoder, channel), pixels)
    score, maps = outputs["score"].numpy(), outputs["conv2"].numpy()[..., channel]
    for photo in range(3):
        row, column = np.unravel_index(maps[photo].argmax(), (10, 10))
        # [1 2 1] x [1 2 1] around the cell, what lies beyond the edge left out, in all what the cell had
        near = np.pad(np.outer([1, 2, 1], [1, 2, 1]).astype(float), 9)[
            10 - row : 20 - row, 10 - column : 20 - column
        ]
        whole = score[photo] * (1 - score[photo]) * 0.1 * maps[photo].max() / np.sqrt(1.001)
        np.testing.assert_allclose(heat[photo], whole * near / near.sum(), rtol=1e-3, atol=1e-7)


def test_a_few_far_stronger_cells_leave_the_others_visible():
    """As the maxima of `statistics` were: a thousand times what lies beneath."""
    heat = np.random.default_rng(0).uniform(-1, 1, (110, 110)).astype(np.float32)
    heat.flat[:: 110 * 110 // 34] = 1000
    opacity = np.asarray(Image.open(io.BytesIO(heat_picture(heat))))[..., 3]
    assert opacity.max() == MOST_OPAQUE
    # of values even between 0 and 1 a quarter of 255 is passed by 1 - 64 / 205 of 0.95
    assert (opacity > 255 / 4).mean() == pytest.approx(1 - 0.95 * 64 / 205, abs=0.01)


def test_a_map_of_a_single_cell_shows_it():
    heat = np.zeros((110, 110), np.float32)
    heat[7, 9] = -1e-9
    picture = np.asarray(Image.open(io.BytesIO(heat_picture(heat))))
    assert tuple(picture[7, 9]) == (*AGAINST, MOST_OPAQUE)
    assert np.count_nonzero(picture[..., 3]) == 1


def test_green_speaks_for_and_orange_against():
    heat = np.array([[2.0, -1.0], [0.0, 0.5]], np.float32)
    picture = np.asarray(Image.open(io.BytesIO(heat_picture(heat))))
    assert picture.shape == (2, 2, 4)
    assert tuple(picture[0, 0]) == (*FOR, MOST_OPAQUE)
    assert tuple(picture[0, 1]) == (*AGAINST, round(MOST_OPAQUE / 2))
    assert picture[1, 0, 3] == 0
    assert tuple(picture[1, 1, :3]) == FOR
    assert not np.asarray(Image.open(io.BytesIO(heat_picture(np.zeros((2, 2), np.float32)))))[..., 3].any()
