from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from aesthkeras.decoding import more_formats
from aesthkeras.decoding.more_formats import decode_photo_of_more_formats
from aesthkeras.photos.photo_files import decoding_error
from tests.decoding.writers import exif_of, heic_of, needs_avif, tiff_of, with_alpha, xmp_of


@pytest.fixture(scope="module")
def decode():
    return tf.function(decode_photo_of_more_formats, input_signature=[tf.TensorSpec([], tf.string)])


FILES = [
    ("webp", lambda photo, encoded: encoded(photo, "WEBP"), 0),
    ("lossless webp", lambda photo, encoded: encoded(photo, "WEBP", lossless=True), 0),
    ("webp with alpha", lambda photo, encoded: encoded(with_alpha(photo), "WEBP", lossless=True), 1),
    ("tiff", lambda photo, encoded: encoded(photo, "TIFF"), 0),
    ("lzw tiff", lambda photo, encoded: encoded(photo, "TIFF", compression="tiff_lzw"), 0),
    ("jpeg tiff", lambda photo, encoded: encoded(photo, "TIFF", compression="jpeg"), 0),
    ("gray tiff", lambda photo, encoded: encoded(photo.convert("L"), "TIFF"), 0),
    ("1 bit tiff", lambda photo, encoded: encoded(photo.convert("1"), "TIFF", compression="group4"), 0),
    ("palette tiff", lambda photo, encoded: encoded(photo.quantize(90), "TIFF"), 0),
    ("cmyk tiff", lambda photo, encoded: encoded(photo.convert("CMYK"), "TIFF"), 0),
    ("tiff with alpha", lambda photo, encoded: encoded(with_alpha(photo), "TIFF"), 1),
    ("tiff of gray and alpha", lambda photo, encoded: encoded(with_alpha(photo).convert("LA"), "TIFF"), 1),
    ("bigtiff", lambda photo, encoded: tiff_of(np.asarray(photo), bigtiff=True, photometric="rgb"), 0),
    (
        "tiff of two pages",
        lambda photo, encoded: encoded(photo, "TIFF", save_all=True, append_images=[photo.rotate(90)]),
        0,
    ),
    ("avif", lambda photo, encoded: encoded(photo, "AVIF"), 0),
    ("avif with alpha", lambda photo, encoded: encoded(with_alpha(photo), "AVIF"), 1),
    (
        "animated avif",
        lambda photo, encoded: encoded(photo, "AVIF", save_all=True, append_images=[photo.rotate(90)]),
        0,
    ),
    ("jpeg", lambda photo, encoded: encoded(photo, "JPEG"), 0),
    ("png with alpha", lambda photo, encoded: encoded(with_alpha(photo), "PNG"), 1),
]


@pytest.mark.parametrize(
    ("make", "tolerance"),
    [
        pytest.param(make, tolerance, id=name, marks=needs_avif if "avif" in name else ())
        for name, make, tolerance in FILES
    ],
)
def test_shows_what_pillow_shows(make, tolerance, decode, photo, encoded, shown, first_look):
    contents = make(photo, encoded)
    assert first_look(contents) == ""
    pixels, expected = decode(contents).numpy().astype(int), shown(contents)
    assert pixels.shape == expected.shape
    assert np.abs(pixels - expected).max() <= tolerance


@pytest.mark.parametrize(
    ("byteorder", "photometric"), [("<", "minisblack"), (">", "minisblack"), ("<", "miniswhite")]
)
def test_16_bit_tiff_keeps_the_upper_8_bits(byteorder, photometric, decode):
    values = np.random.default_rng(0).integers(0, 2**16, (40, 50)).astype(np.uint16)
    pixels = decode(tiff_of(values, byteorder=byteorder, photometric=photometric)).numpy()
    expected = (values if photometric == "minisblack" else 65535 - values) >> 8
    np.testing.assert_array_equal(pixels, np.repeat(expected[..., None], 3, axis=2))


def test_16_bit_colour_tiff_keeps_the_upper_8_bits(decode):
    values = np.random.default_rng(0).integers(0, 2**16, (40, 50, 3)).astype(np.uint16)
    np.testing.assert_array_equal(decode(tiff_of(values, photometric="rgb")), values >> 8)


def test_transparent_pixels_lie_over_white(decode, encoded):
    colour = Image.new("RGBA", (20, 20), (0, 100, 255, 51))  # 51 is a fifth of 255
    for format_name, options in (("TIFF", {}), ("WEBP", {"lossless": True})):
        pixels = decode(encoded(colour, format_name, **options)).numpy()
        assert np.abs(pixels.astype(int) - (204, 224, 255)).max() <= 1


def test_animated_webp_gives_its_first_frame(decode, photo, encoded):
    frames = {"save_all": True, "append_images": [photo.rotate(90)], "lossless": True}
    np.testing.assert_array_equal(decode(encoded(photo, "WEBP", **frames)), photo)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_name", ["TIFF", "WEBP", pytest.param("AVIF", marks=needs_avif)])
def test_exif_orientation_is_applied(orientation, format_name, decode, photo, encoded, shown):
    contents = encoded(photo, format_name, exif=exif_of(orientation))
    expected = shown(contents)
    assert (expected.shape[0] > expected.shape[1]) == (orientation >= 5)
    np.testing.assert_array_equal(decode(contents), expected)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("as_element", [False, True])
def test_an_orientation_that_stands_in_xmp_only_is_applied(
    orientation, as_element, decode, photo, encoded, shown
):
    xmp = xmp_of(orientation, as_element=as_element)
    expected = shown(encoded(photo, "WEBP", exif=exif_of(orientation)))
    np.testing.assert_array_equal(decode(encoded(photo, "WEBP", xmp=xmp)), expected)
    # EXIF counts more
    np.testing.assert_array_equal(
        decode(encoded(photo, "WEBP", xmp=xmp, exif=exif_of(1))), decode(encoded(photo, "WEBP"))
    )


@needs_avif
def test_rotated_avif_is_upright(decode, photo, encoded):
    contents = encoded(photo, "AVIF", quality=90, exif=exif_of(6))
    assert b"irot" in contents
    upright = np.rot90(np.asarray(photo), -1).astype(int)
    assert np.abs(decode(contents).numpy() - upright).mean() < 3


def test_damaged_exif_turns_nothing(decode, photo, encoded):
    contents = encoded(photo, "WEBP", lossless=True, exif=b"Exif\0\0no such thing")
    np.testing.assert_array_equal(decode(contents), photo)


def test_heic_is_decoded_by_pillow_heif(decode, photo, first_look):
    contents = heic_of(photo, quality=90)
    assert first_look(contents) == ""
    expected = np.asarray(pytest.importorskip("pillow_heif").open_heif(contents).to_pillow())
    np.testing.assert_array_equal(decode(contents), expected)
    assert np.abs(expected.astype(int) - np.asarray(photo)).mean() < 3


def test_rotated_heic_is_upright(decode, photo):
    contents = heic_of(photo, quality=90, exif=exif_of(6).tobytes())
    assert b"irot" in contents
    upright = np.rot90(np.asarray(photo), -1).astype(int)
    assert np.abs(decode(contents).numpy() - upright).mean() < 3


def test_transparent_heic_lies_over_white(decode):
    colour = Image.new("RGBA", (64, 64), (0, 100, 255, 51))  # 51 is a fifth of 255
    pixels = decode(heic_of(colour, quality=100)).numpy()
    assert np.abs(pixels.astype(int) - (204, 224, 255)).mean() < 3


def test_an_error_names_the_photo(photo, encoded):
    decode = tf.function(decode_photo_of_more_formats, input_signature=[tf.TensorSpec([], tf.string)] * 2)
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        decode(encoded(photo, "WEBP")[:400], "gull.webp")
    assert decoding_error(caught.value) == "gull.webp: the WebP data is damaged or truncated"


@pytest.mark.long
def test_neither_tensorflow_io_nor_pillow_heif_is_loaded(photo, tmp_path):
    (tmp_path / "photos").mkdir()
    for name in ("a.jpg", "b.png", "c.bmp", "d.gif", "e.webp", "f.tif"):
        photo.save(tmp_path / "photos" / name)
    (tmp_path / "photos" / "bad.jpg").write_text("text")
    code = (
        "import sys; from aesthkeras.photos.sources import find_photos;"
        "from aesthkeras.photos.inspection import inspect_photos;"
        "from aesthkeras.photos.patches import patch_dataset;"
        "photos = inspect_photos(find_photos(sys.argv[1]), sys.argv[2], progress=False);"
        "assert photos.quarantined == 1; next(iter(patch_dataset(photos, 64, 60, 4)));"
        "sys.exit('tensorflow_io' in sys.modules or 'pillow_heif' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "photos"), str(tmp_path)], check=True)


@pytest.mark.parametrize(("format_name", "calls"), [("JPEG", 0), ("PNG", 0), ("BMP", 0), ("WEBP", 1)])
def test_python_decodes_only_what_tensorflow_cannot(format_name, calls, photo, encoded, decode, monkeypatch):
    seen = []
    real = more_formats.decode_with_pillow
    monkeypatch.setattr(more_formats, "decode_with_pillow", lambda contents: seen.append(1) or real(contents))
    decode(encoded(photo, format_name))
    assert len(seen) == calls
