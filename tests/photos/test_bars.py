"""Bars are cut off to the line, and nothing else is."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps

from aesthkeras.photos.bars import without_bars
from aesthkeras.photos.reading import WITHOUT_BARS, read_photos
from aesthkeras.photos.sources import sample_photos


def cut(image: Image.Image) -> np.ndarray:
    return without_bars(tf.constant(np.asarray(image.convert("RGB")))).numpy()


def with_bars(photo: Image.Image, sides: int, ends: int, colour: str) -> Image.Image:
    return ImageOps.expand(photo, (sides, ends), colour)


@pytest.mark.parametrize("colour", ["black", "white", "#0c0c0c"])
@pytest.mark.parametrize(("sides", "ends"), [(0, 40), (0, 90), (50, 0), (20, 15)])
@pytest.mark.parametrize("name", ["chelsea", "china"])
def test_bars_are_cut_to_the_line(name, sides, ends, colour, sample):
    photo = sample(name)
    np.testing.assert_array_equal(cut(with_bars(photo, sides, ends, colour)), np.asarray(photo))


def test_bars_in_a_jpeg_are_cut_within_its_blocks(sample):
    out = io.BytesIO()
    with_bars(sample("china"), 0, 61, "black").save(out, "JPEG", quality=80)
    photo = cut(Image.open(out))
    assert abs(photo.shape[0] - 192) <= 8 and photo.shape[1] == sample("china").width


@pytest.mark.parametrize("path", sample_photos(), ids=lambda path: path.rsplit("/", 1)[-1])
def test_photos_without_bars_stay_whole(path):
    photo = Image.open(path).convert("RGB")
    np.testing.assert_array_equal(cut(photo), np.asarray(photo))


@pytest.mark.parametrize("ground", ["white", "black"])
def test_an_object_on_a_plain_ground_stays_whole(ground, sample):
    """As a shop shows its goods: plain all around, and the object begins with a few pixels."""
    image = Image.new("RGB", (400, 400), ground)
    mask = Image.radial_gradient("L").resize((240, 240)).point(lambda level: 255 * (level < 128))
    image.paste(sample("coffee").resize((240, 240)), (80, 80), mask)
    np.testing.assert_array_equal(cut(image), np.asarray(image))


def test_a_bar_on_one_side_alone_and_bars_of_unlike_size_stay(sample):
    photo = sample("chelsea")
    for border in ((0, 60, 0, 0), (0, 60, 0, 20), (0, 3, 0, 3), (0, 300, 0, 300)):
        image = ImageOps.expand(photo, border, "black")
        np.testing.assert_array_equal(cut(image), np.asarray(image))


@pytest.mark.parametrize("colour", ["black", "white", "gray"])
def test_one_colour_stays_as_it_is(colour):
    assert cut(Image.new("RGB", (120, 80), colour)).shape == (80, 120, 3)


@pytest.mark.long
def test_a_photo_is_scored_without_its_bars_and_its_row_can_say_so(sample, tmp_path):
    with_bars(sample("chelsea"), 0, 50, "white").save(tmp_path / "bars.png")
    sample("chelsea").save(tmp_path / "plain.png")
    paths = [str(tmp_path / name) for name in ("bars.png", "plain.png")]
    bars, plain = read_photos(paths, 110, 96, cut_bars=True)
    np.testing.assert_array_equal(bars.crops, plain.crops)
    assert (bars.read_as, plain.read_as) == (WITHOUT_BARS, "")
    assert bars.size == (plain.size[0] + 100, plain.size[1])
    (as_it_is,) = read_photos(paths[:1], 110, 96)
    assert as_it_is.read_as == "" and np.abs(as_it_is.crops.astype(int) - plain.crops).mean() > 10
