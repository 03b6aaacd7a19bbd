from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from aesthkeras.photos.views import (
    center_crop,
    resize_shorter_edge,
    resized_shape,
    serving_pixels,
    spread_crops,
)


def area_weights(before: int, after: int) -> np.ndarray:
    """Row k: the share of each old pixel in new pixel k, by the length of their overlap."""
    edges = np.arange(after + 1) * before / after
    starts, stops = (
        np.maximum(edges[:-1, None], np.arange(before)),
        np.minimum(edges[1:, None], np.arange(before) + 1),
    )
    return np.maximum(stops - starts, 0) * after / before


@pytest.mark.parametrize(
    ("shape", "edge", "expected"),
    [
        ((375, 500), 256, (256, 341)),  # 341.33
        ((500, 375), 256, (341, 256)),
        ((2, 3), 1, (1, 2)),  # 1.5 rounds up
        ((100, 250), 3, (3, 8)),  # 7.5 rounds up
        ((256, 256), 256, (256, 256)),
        ((16, 1600), 256, (256, 25600)),
        ((20_000, 4_000), 256, (1280, 256)),
    ],
)
def test_resized_shape(shape, edge, expected):
    assert tuple(resized_shape(tf.constant(shape), edge).numpy()) == expected


@pytest.mark.parametrize("edge", [149, 128, 97, 64, 40])
def test_shrinking_averages_areas(edge, photo):
    pixels = np.asarray(photo).astype(float)
    resized = resize_shorter_edge(tf.constant(np.asarray(photo)), edge).numpy()
    rows, columns = area_weights(150, edge), area_weights(225, resized.shape[1])
    expected = np.einsum("yh,hwc,xw->yxc", rows, pixels, columns, optimize=True)
    assert np.abs(resized - expected).max() <= 0.51  # rounding, and a half either way


@pytest.mark.parametrize("edge", [128, 75, 40])
def test_shrinking_looks_like_pillows(edge, photo):
    """Pillow's bilinear filter is a triangle of twice our width: close on a photo, not equal."""
    resized = resize_shorter_edge(tf.constant(np.asarray(photo)), edge).numpy()
    expected = np.asarray(photo.resize(resized.shape[1::-1], Image.Resampling.BILINEAR))
    assert 10 * np.log10(255**2 / np.mean((resized - expected.astype(float)) ** 2)) > 32


def test_enlarging_is_pillows_bilinear(photo):
    small = photo.resize((48, 32))
    resized = resize_shorter_edge(tf.constant(np.asarray(small)), 100).numpy().astype(int)
    expected = np.asarray(small.resize((150, 100), Image.Resampling.BILINEAR)).astype(int)
    assert np.abs(resized - expected).max() <= 1


def test_shrinking_is_antialiased():
    """A chessboard of single pixels becomes gray; picking pixels would leave black, white or moiré."""
    board = np.indices((200, 300)).sum(axis=0) % 2 * 255
    resized = resize_shorter_edge(tf.constant(np.repeat(board[..., None], 3, 2).astype(np.uint8)), 50).numpy()
    assert resized.shape == (50, 75, 3)
    assert np.abs(resized - 127.5).max() <= 1


def test_photo_of_the_right_size_is_untouched(photo):
    np.testing.assert_array_equal(resize_shorter_edge(tf.constant(np.asarray(photo)), 150), np.asarray(photo))


@pytest.mark.parametrize("size", [150, 149, 100, 1])
def test_center_crop(size, photo):
    pixels = np.asarray(photo)
    top, left = (150 - size) // 2, (225 - size) // 2
    expected = pixels[top : top + size, left : left + size]
    np.testing.assert_array_equal(center_crop(tf.constant(pixels), size), expected)


def test_serving_pixels_are_the_middle_of_the_resized_photo(photo, encoded):
    contents = encoded(photo, "PNG")
    served = tf.function(serving_pixels)(tf.constant(contents), 96, 80)
    expected = center_crop(resize_shorter_edge(tf.constant(np.asarray(photo)), 96), 80)
    assert served.dtype == tf.uint8 and served.shape == [80, 80, 3]
    np.testing.assert_array_equal(served, expected)


def test_serving_names_the_photo_that_fails():
    with pytest.raises(tf.errors.InvalidArgumentError, match="image 3: not a JPEG"):
        tf.function(serving_pixels)(tf.constant(b"text"), 96, 80, name="image 3")


def test_spread_crops_are_the_middle_the_corners_and_their_mirror_images():
    photo = np.random.default_rng(0).integers(0, 256, (7, 9, 3), np.uint8)
    corners = [photo[:4, :4], photo[:4, 5:], photo[3:, :4], photo[3:, 5:]]
    five = np.stack([photo[1:5, 2:6], *corners])
    np.testing.assert_array_equal(spread_crops(photo, 4, 1), five[:1])
    np.testing.assert_array_equal(spread_crops(photo, 4, 5), five)
    np.testing.assert_array_equal(spread_crops(photo, 4, 10), np.concatenate([five, five[:, :, ::-1]]))
