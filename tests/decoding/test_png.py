"""A PNG's chunks: orientation wherever Pillow finds it, transparent colours, what must not be unpacked."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests.decoding.core import decoded, refusal
from tests.decoding.writers import exif_of, png_chunk, with_alpha, with_chunks, xmp_of

XMP = b"XML:com.adobe.xmp\0"


def exif_chunk(orientation, prefix=b""):
    return png_chunk(b"eXIf", prefix + exif_of(orientation).tobytes()[6:])


def xmp_chunk(orientation):
    return png_chunk(b"iTXt", XMP + b"\0\0\0\0" + xmp_of(orientation))


def as_exif_says(photo, orientation, encoded, shown):
    return shown(encoded(photo, "PNG", exif=exif_of(orientation)))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0"])
@pytest.mark.parametrize("place", ["before", "behind"])
def test_exif_counts_with_a_prefix_and_behind_the_pixels(orientation, prefix, place, photo, encoded, shown):
    contents = with_chunks(encoded(photo, "PNG"), **{place: exif_chunk(orientation, prefix)})
    np.testing.assert_array_equal(decoded(contents), as_exif_says(photo, orientation, encoded, shown))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("place", ["before", "behind"])
def test_an_orientation_that_stands_in_xmp_only_is_applied(orientation, place, photo, encoded, shown):
    contents = with_chunks(encoded(photo, "PNG"), **{place: xmp_chunk(orientation)})
    np.testing.assert_array_equal(decoded(contents), as_exif_says(photo, orientation, encoded, shown))


def test_the_last_exif_counts_and_more_than_xmp(photo, encoded, shown):
    contents = with_chunks(encoded(photo, "PNG"), exif_chunk(3) + xmp_chunk(8), exif_chunk(6) + xmp_chunk(1))
    np.testing.assert_array_equal(decoded(contents), as_exif_says(photo, 6, encoded, shown))


def test_what_is_compressed_turns_nothing(photo, encoded):
    packed = png_chunk(b"iTXt", XMP + b"\1\0\0\0" + zlib.compress(xmp_of(6)))
    np.testing.assert_array_equal(decoded(with_chunks(encoded(photo, "PNG"), packed)), np.asarray(photo))


@pytest.mark.parametrize("length", [0, 3, 8, 13, 20])
def test_damaged_exif_counts_as_none(length, photo, encoded):
    chunk = png_chunk(b"eXIf", exif_of(6).tobytes()[6 : 6 + length])
    np.testing.assert_array_equal(decoded(with_chunks(encoded(photo, "PNG"), chunk)), np.asarray(photo))


def rgb_of_16_bits(values, transparent):
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, 2, 0, 0, 0))
        + png_chunk(b"tRNS", transparent.astype(">u2").tobytes())
        + png_chunk(b"IDAT", zlib.compress(rows))
        + png_chunk(b"IEND")
    )


def test_a_transparent_colour_of_16_bits_matches_in_all_of_them():
    # PNG specification, 11.3.2.1; Pillow 13 compares 8 bits with 16 and finds none
    values = np.random.default_rng(0).integers(0, 2**16, (40, 50, 3))
    values[7, 9] = values[3, 4] + [0, 0, 1 if values[3, 4, 2] % 2 == 0 else -1]  # the same upper 8 bits
    expected = values >> 8
    expected[3, 4] = 255
    assert (expected[7, 9] == values[3, 4] >> 8).all()
    np.testing.assert_array_equal(decoded(rgb_of_16_bits(values, values[3, 4])), expected)


PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
KINDS = {
    "RGB": (lambda photo: photo, {}),
    "gray": (lambda photo: photo.convert("L"), {}),
    "palette": (lambda photo: photo.quantize(50), {}),
    "transparent palette": (lambda photo: photo.quantize(50), {"transparency": bytes([0, 99, 255] * 16)}),
    "transparent colour": (lambda photo: photo, {"transparency": (1, 2, 3)}),
    "alpha": (with_alpha, {}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_profiles_and_texts_change_no_pixel(kind, photo, encoded):
    image, options = KINDS[kind][0](photo), KINDS[kind][1]
    text = png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"text" * 99))
    with_more = with_chunks(encoded(image, "PNG", icc_profile=PROFILE, **options), text, text)
    np.testing.assert_array_equal(decoded(with_more), decoded(encoded(image, "PNG", **options)))


def test_an_interlaced_png_is_decoded(photo):
    # the seven passes of Adam7 (PNG specification, 8.2), each with its own rows
    pixels = np.asarray(photo)
    passes = [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ]
    rows = [row for x, y, dx, dy in passes for row in pixels[y::dy, x::dx]]
    contents = (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", struct.pack(">IIBBBBB", *photo.size, 8, 2, 0, 0, 1))
        + png_chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows)))
        + png_chunk(b"IEND")
    )
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(contents))), pixels)
    np.testing.assert_array_equal(decoded(contents), pixels)


def test_pixels_may_lie_in_many_small_chunks(photo, encoded):
    contents = encoded(photo, "PNG")
    start = contents.index(b"IDAT") - 4
    data = contents[start + 8 : start + 8 + int.from_bytes(contents[start : start + 4], "big")]
    parts = b"".join(png_chunk(b"IDAT", data[place : place + 100]) for place in range(0, len(data), 100))
    many = contents[:start] + parts + exif_chunk(3) + png_chunk(b"IEND")
    np.testing.assert_array_equal(decoded(many), np.asarray(photo)[::-1, ::-1])


def test_an_animation_shows_its_picture(photo, encoded):
    frames = {"save_all": True, "append_images": [photo.rotate(90), photo.rotate(180)]}
    contents = encoded(photo, "PNG", **frames)
    assert b"acTL" in contents
    np.testing.assert_array_equal(decoded(contents), np.asarray(photo))


@pytest.mark.parametrize("end", [b"", bytes(500), b"\0\0\0\0IEN"])
def test_a_png_without_its_last_chunk_is_refused(end, photo, encoded):
    assert refusal(encoded(photo, "PNG")[:-12] + end) == "the PNG data is damaged or truncated"
