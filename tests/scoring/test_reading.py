"""Photos come in order, as the served model sees them, and nothing is lost on the way."""

from __future__ import annotations

import io
import os

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from aesthkeras.photos.reading import read_photos
from aesthkeras.photos.views import serving_pixels


@pytest.fixture(scope="module")
def photos(paths):
    missing = [os.path.dirname(paths[0]), "/nowhere/photo.jpg"]
    return list(read_photos([*missing, *paths], 110, 96, thumbnails=True))


def test_every_path_comes_once_and_in_order(photos, paths):
    assert [photo.path for photo in photos[2:]] == paths
    errors = {os.path.basename(photo.path): photo.error for photo in photos if photo.error}
    assert errors.pop(os.path.basename(os.path.dirname(paths[0]))) == "a folder, not a file"
    assert errors == {
        "photo.jpg": "no such file",
        "empty.jpg": "the file is empty",
        "short.jpg": "the JPEG ends before its end marker: truncated",
        "text.jpg": "not a JPEG, PNG, GIF or BMP file",
    }


def test_pixels_are_those_of_the_served_model(photos):
    served = [photo for photo in photos if photo.path.endswith(("a.jpg", ".png", ".bmp"))]
    assert len(served) == 4
    for photo in served:
        expected = serving_pixels(tf.io.read_file(photo.path), 110, 96)
        np.testing.assert_array_equal(photo.crops, expected[np.newaxis])


def test_other_formats_give_the_pixels_of_a_png(photos, tmp_path):
    for photo in photos:
        if photo.path.endswith((".webp", ".tif")):
            Image.open(photo.path).save(tmp_path / "same.png")
            expected = serving_pixels(tf.io.read_file(str(tmp_path / "same.png")), 110, 96)
            np.testing.assert_array_equal(photo.crops[0], expected)


def test_shape_and_thumbnail_are_the_whole_photos(photos):
    wide = next(photo for photo in photos if photo.path.endswith("e.bmp"))
    assert wide.shape == (110, 275)
    assert Image.open(io.BytesIO(wide.thumbnail)).size == (360, 144)
    tall = next(photo for photo in photos if photo.path.endswith("b.png"))
    assert Image.open(io.BytesIO(tall.thumbnail)).size == (180, 241)  # of 110 x 147


def test_a_pipe_is_refused_and_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (photo,) = read_photos([str(tmp_path / "pipe.jpg")], 110, 96)
    assert photo.error == "a pipe, socket or device, not a file"


def test_ten_crops(paths):
    one, ten = (next(iter(read_photos(paths[:1], 110, 96, crops))) for crops in (1, 10))
    assert ten.crops.shape == (10, 96, 96, 3)
    np.testing.assert_array_equal(ten.crops[0], one.crops[0])
