"""Bins, soft encoding, rebalancing and annealed mean, by hand and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from skimage import data
from skimage.color import rgb2lab
from sklearn.neighbors import NearestNeighbors

from aesthkeras.pretext import color_bins
from aesthkeras.pretext.color_bins import (
    COLOR_BINS,
    annealed_mean,
    color_targets,
    gamut_bins,
    has_color,
    lab_of,
    rebalancing_weights,
    soft_encoding,
)

# The first and last b of the published bins (richzhang/colorization, pts_in_hull) for each a.
PUBLISHED = {
    -90: (50, 90), -80: (20, 90), -70: (0, 90), -60: (-20, 90), -50: (-30, 100), -40: (-40, 100),
    -30: (-50, 100), -20: (-50, 100), -10: (-60, 100), 0: (-70, 100), 10: (-80, 90), 20: (-80, 90),
    30: (-90, 90), 40: (-100, 90), 50: (-100, 80), 60: (-110, 80), 70: (-110, 80), 80: (-110, 70),
    90: (-110, 70), 100: (-90, 0),
}  # fmt: skip


def index_of(a: int, b: int) -> int:
    return int(np.flatnonzero((gamut_bins() == (a, b)).all(axis=1))[0])


def test_the_bins_computed_from_the_srgb_cube_are_the_published_ones():
    expected = [(a, b) for a, (first, last) in PUBLISHED.items() for b in range(first, last + 1, 10)]
    assert len(expected) == COLOR_BINS == 313
    np.testing.assert_array_equal(gamut_bins(), expected)


@pytest.mark.parametrize("by", ["tensorflow-io", "own arithmetic"])
def test_lab_is_the_same_with_and_without_tensorflow_io(by, monkeypatch):
    if by == "own arithmetic":
        monkeypatch.setattr(color_bins, "tfio", None)
    elif color_bins.tfio is None:
        pytest.skip("tensorflow-io is not installed")
    values = np.arange(0, 256, 5, np.uint8)
    cube = np.stack(np.meshgrid(values, values, values), axis=-1)
    lab = lab_of(tf.constant(cube))
    assert lab.dtype == tf.float32
    np.testing.assert_allclose(lab, rgb2lab(cube), atol=5e-4)  # so the two differ by less than 0.001


def test_soft_encoding_on_a_bin_by_hand():
    bins, shares = soft_encoding(tf.constant([[20.0, -10.0]]))
    # Distances 0, 4 times 10, 4 times sqrt(200), once 20: exp(-d^2 / 50).
    gaussians = np.array([1.0, *[np.exp(-2)] * 4, *[np.exp(-4)] * 4, np.exp(-8)])
    np.testing.assert_allclose(shares[0], gaussians / gaussians.sum(), rtol=1e-5)
    assert bins[0, 0] == index_of(20, -10)
    assert set(bins[0, 1:5].numpy()) == {index_of(*ab) for ab in ((10, -10), (30, -10), (20, 0), (20, -20))}


def test_soft_encoding_is_that_of_the_nearest_neighbours():
    photo = rgb2lab(data.astronaut()[::9, ::9])[..., 1:].reshape(-1, 2).astype(np.float32)
    distances, nearest = NearestNeighbors(n_neighbors=10).fit(gamut_bins()).kneighbors(photo)
    gaussians = np.exp(-(distances**2) / 50)
    expected = np.zeros([len(photo), 313])
    np.put_along_axis(expected, nearest, gaussians / gaussians.sum(axis=1, keepdims=True), axis=1)
    bins, shares = soft_encoding(tf.constant(photo))
    ours = np.zeros([len(photo), 313])
    np.put_along_axis(ours, bins.numpy(), shares.numpy(), axis=1)
    # Only the last of ten may be another one of nearly the same distance.
    np.testing.assert_allclose(ours, expected, atol=0.01)
    np.testing.assert_array_equal(ours.argmax(axis=1), expected.argmax(axis=1))


def test_colours_out_of_reach_take_the_nearest_bins():
    bins, shares = soft_encoding(tf.constant([[-300.0, 60.0]]))
    assert bins[0, 0] == index_of(-90, 60)
    assert float(tf.reduce_sum(shares)) == pytest.approx(1.0)


def test_rebalancing_weights_by_hand():
    # 1 / (p/2 + 1/8): 8/3, 8/3, 8, 8; sum(p w) = 8/3.
    np.testing.assert_allclose(rebalancing_weights([0.5, 0.5, 0.0, 0.0]), [1, 1, 3, 3])


def test_targets_are_the_weighted_mean_of_the_points():
    red, blue = (70, 50), (60, -90)
    weights = np.ones(313, np.float32)
    weights[index_of(*blue)] = 3.0
    points = tf.constant([[[red, blue]], [[red, red]]], tf.float32)  # two photos, one position, two points
    targets = color_targets(points, tf.constant(weights)).numpy()
    assert targets.shape == (2, 1, 313)
    center = 1 / (1 + 4 * np.exp(-2) + 4 * np.exp(-4) + np.exp(-8))  # of ten bins, all around it in gamut
    np.testing.assert_allclose(targets.sum(axis=-1), [[2.0], [1.0]], rtol=1e-5)
    assert targets[0, 0, index_of(*red)] == pytest.approx(center / 2, rel=1e-4)
    assert targets[0, 0, index_of(*blue)] == pytest.approx(3 * center / 2, rel=1e-4)
    assert targets[1, 0, index_of(*red)] == pytest.approx(center, rel=1e-4)


def test_near_gray_photos_have_no_colour():
    ab = np.zeros([3, 2, 2, 4, 2], np.float32)
    ab[0] += 5.0
    ab[1, 1, 0, 3, 1] = -5.5
    np.testing.assert_array_equal(has_color(tf.constant(ab)), [0, 1, 0])


def test_annealed_mean_by_hand():
    logits = np.full(313, -1000.0, np.float32)
    logits[index_of(20, 0)], logits[index_of(60, 40)] = np.log(2.0), 0.0
    share = 2 ** (1 / 0.38) / (1 + 2 ** (1 / 0.38))
    expected = share * np.array([20, 0]) + (1 - share) * np.array([60, 40])
    np.testing.assert_allclose(annealed_mean(tf.constant(logits)), expected, rtol=1e-5)
