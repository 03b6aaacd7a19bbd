"""Photos are photos; pages, screenshots, drawings, one colour and noise are hardly any."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageDraw, ImageFont

from aesthkeras.culling.glimpses import spread_squares
from aesthkeras.culling.not_photos import is_hardly_a_photo, pixel_traits
from aesthkeras.photos.sources import sample_photos

WORDS = "the light of a window falls on an old table where nobody reads what was written there once "


def is_none(image: Image.Image) -> bool:
    return is_hardly_a_photo(spread_squares(tf.constant(np.asarray(image.convert("RGB")))).numpy())


def as_jpeg(image: Image.Image, quality: int) -> Image.Image:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return Image.open(out)


def page(ink: str, paper: str) -> Image.Image:
    image = Image.new("RGB", (900, 1200), paper)
    font = ImageFont.load_default(22)
    for line in range(35):
        ImageDraw.Draw(image).text((60, 60 + 31 * line), WORDS[line % 9 :][:70], ink, font)
    return image


def screenshot() -> Image.Image:
    image = Image.new("RGB", (1280, 800), "#ececf0")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(16)
    draw.rectangle((0, 0, 1280, 60), "#3c6eb4")
    for row in range(8):
        for column in range(5):
            left, top = 40 + 240 * column, 90 + 85 * row
            draw.rounded_rectangle((left, top, left + 210, top + 70), 8, "#ffffff", "#c8c8cd")
            draw.text((left + 12, top + 12), f"Item {row}.{column}", "#505050", font)
    return image


def drawing() -> Image.Image:
    image = Image.new("RGB", (1000, 700), "#f0e6c8")
    draw = ImageDraw.Draw(image)
    for place in range(40):
        left, top = 137 * place % 900, 211 * place % 600
        draw.ellipse((left, top, left + 160, top + 90), f"hsl({place * 31 % 360}, 60%, 55%)", "black", 3)
    return image


def noise(deviation: int) -> Image.Image:
    values = np.random.default_rng(0).normal(128, deviation, (300, 400, 3))
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


@pytest.mark.parametrize(
    "image",
    [
        page("black", "white"),
        as_jpeg(page("black", "white"), 80),
        page("#c8dcc8", "#14181e"),
        screenshot(),
        as_jpeg(screenshot(), 85),
        screenshot().resize((640, 400), Image.Resampling.LANCZOS),
        drawing(),
        noise(40),
        as_jpeg(noise(40), 80),
        Image.new("RGB", (640, 480), "white"),
        Image.new("RGB", (640, 480), (90, 120, 40)),
        Image.fromarray((np.indices((200, 300)).sum(axis=0) % 2 * 255).astype(np.uint8)),
        drawing().resize((32, 32), Image.Resampling.NEAREST),
    ],
    ids=[
        *("page", "page as JPEG", "terminal", "screenshot", "screenshot as JPEG", "small screenshot"),
        *("drawing", "noise", "noise as JPEG", "white", "one colour", "checkerboard", "icon"),
    ],
)
def test_what_no_lens_has_seen_is_hardly_a_photo(image):
    assert is_none(image)


@pytest.mark.parametrize("path", sample_photos(), ids=lambda path: path.rsplit("/", 1)[-1])
def test_photos_are_photos_in_any_size_and_quality(path):
    photo = Image.open(path).convert("RGB")
    assert not is_none(photo)
    assert not is_none(as_jpeg(photo, 30))
    photo.thumbnail((200, 200))
    assert not is_none(photo)


def test_a_photo_on_a_white_ground_or_of_a_dark_sky_is_a_photo(sample):
    on_white = Image.new("RGB", (700, 600), "white")
    on_white.paste(sample("flower", 256), (120, 150))
    assert not is_none(as_jpeg(on_white, 90))
    dark = np.asarray(sample("hubble", 400)).astype(int) - 40  # most of it is clipped
    assert not is_none(as_jpeg(Image.fromarray(np.clip(dark, 0, 255).astype(np.uint8)), 90))


def test_traits_are_those_of_hand():
    """Two columns of 0 and two of 100, in every square: neighbours across differ once in three."""
    squares = np.zeros((5, 4, 4, 3), np.uint8)
    squares[:, :, 2:] = 100
    traits = pixel_traits(squares)
    assert traits.span == pytest.approx(100, abs=1e-3)
    assert traits.equal == pytest.approx((2 / 3 + 1) / 2)
    assert traits.sharp == 1
    # centred at -50 and 50: across (2500 - 2500 + 2500) / 3 of 2500, down all of it
    assert traits.correlation == pytest.approx((1 / 3 + 1) / 2)
    # neither black: 1 of 3 pairs across, 2 of 4 columns down, all equal
    assert (traits.grays, traits.equal_grays) == (pytest.approx((1 / 3 + 1 / 2) / 2), 1)


def test_squares_reach_from_edge_to_edge():
    photo = np.arange(60 * 90).reshape(60, 90, 1).repeat(3, axis=2).astype(np.uint8)
    squares = spread_squares(tf.constant(photo)).numpy()
    assert squares.shape == (64, 32, 32, 3)
    np.testing.assert_array_equal(squares[0], photo[:32, :32])
    np.testing.assert_array_equal(squares[7], photo[:32, -32:])
    np.testing.assert_array_equal(squares[63], photo[-32:, -32:])
    np.testing.assert_array_equal(squares[1], photo[:32, 58 // 7 : 58 // 7 + 32])
    assert spread_squares(tf.constant(photo[:16])).shape == (64, 16, 16, 3)
