from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from aesthkeras.photos.more_formats import decode_photo_of_more_formats
from aesthkeras.photos.photo_files import decoding_error, look_at


@pytest.fixture(scope="module")
def decode():
    return tf.function(decode_photo_of_more_formats, input_signature=[tf.TensorSpec([], tf.string)])


def with_alpha(photo):
    transparent = photo.copy()
    transparent.putalpha(Image.linear_gradient("L").resize(photo.size))
    return transparent


def exif_of(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


FILES = [
    ("webp", lambda photo, encoded: encoded(photo, "WEBP"), 0),
    ("lossless webp", lambda photo, encoded: encoded(photo, "WEBP", lossless=True), 0),
    ("webp with alpha", lambda photo, encoded: encoded(with_alpha(photo), "WEBP", lossless=True), 1),
    ("tiff", lambda photo, encoded: encoded(photo, "TIFF"), 0),
    ("lzw tiff", lambda photo, encoded: encoded(photo, "TIFF", compression="tiff_lzw"), 0),
    ("jpeg tiff", lambda photo, encoded: encoded(photo, "TIFF", compression="jpeg"), 0),
    ("gray tiff", lambda photo, encoded: encoded(photo.convert("L"), "TIFF"), 0),
    ("palette tiff", lambda photo, encoded: encoded(photo.quantize(90), "TIFF"), 0),
    ("cmyk tiff", lambda photo, encoded: encoded(photo.convert("CMYK"), "TIFF"), 0),
    ("tiff with alpha", lambda photo, encoded: encoded(with_alpha(photo), "TIFF"), 1),
    (
        "tiff of two pages",
        lambda photo, encoded: encoded(photo, "TIFF", save_all=True, append_images=[photo]),
        0,
    ),
    ("jpeg", lambda photo, encoded: encoded(photo, "JPEG"), 0),
    ("png with alpha", lambda photo, encoded: encoded(with_alpha(photo), "PNG"), 1),
]


@pytest.mark.parametrize(("make", "tolerance"), [file[1:] for file in FILES], ids=[file[0] for file in FILES])
def test_shows_what_pillow_shows(make, tolerance, decode, photo, encoded, shown, tmp_path):
    contents = make(photo, encoded)
    (tmp_path / "photo").write_bytes(contents)
    assert look_at(str(tmp_path / "photo")).refusal == ""
    pixels, expected = decode(contents).numpy().astype(int), shown(contents)
    assert pixels.shape == expected.shape
    assert np.abs(pixels - expected).max() <= tolerance


def test_avif_is_close_to_pillows(decode, photo, encoded, shown):
    contents = encoded(photo, "AVIF")
    difference = decode(contents).numpy() - shown(contents)
    assert 10 * np.log10(255**2 / np.mean(difference.astype(float) ** 2)) > 38


def test_16_bit_tiff_keeps_the_upper_8_bits(decode, encoded):
    values = np.random.default_rng(0).integers(0, 2**16, (40, 50)).astype(np.uint16)
    pixels = decode(encoded(Image.fromarray(values), "TIFF")).numpy()
    np.testing.assert_array_equal(pixels, np.repeat(values[..., None] >> 8, 3, axis=2))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_name", ["TIFF", "WEBP"])
def test_exif_orientation_is_applied(orientation, format_name, decode, photo, encoded, shown):
    contents = encoded(photo, format_name, exif=exif_of(orientation))
    expected = shown(contents)
    assert (expected.shape[0] > expected.shape[1]) == (orientation >= 5)
    np.testing.assert_array_equal(decode(contents), expected)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda photo, encoded: encoded(photo.resize((9, 9)), "WEBP"), "9 x 9 pixels, shorter edge under 16"),
        (
            lambda photo, encoded: encoded(photo.resize((4000, 20)), "TIFF"),
            "4000 x 20 pixels, longer than 100 to 1",
        ),
        (
            lambda photo, encoded: encoded(photo, "WEBP", save_all=True, append_images=[photo.rotate(90)]),
            "an animated WebP is not supported",
        ),
        (
            lambda photo, encoded: encoded(with_alpha(photo), "AVIF"),
            "an AVIF with transparency is not supported",
        ),
        (
            lambda photo, encoded: encoded(photo, "AVIF", exif=exif_of(6)),
            "an AVIF with a rotation is not supported",
        ),
        (lambda photo, encoded: encoded(photo, "WEBP")[:40], "the WebP data is damaged or truncated"),
        (lambda photo, encoded: encoded(photo, "AVIF")[:200], "the AVIF data is damaged or truncated"),
        (lambda photo, encoded: b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC is not supported"),
    ],
)
def test_what_cannot_be_shown_is_refused(make, reason, photo, encoded, tmp_path):
    (tmp_path / "photo").write_bytes(make(photo, encoded))
    assert look_at(str(tmp_path / "photo")).refusal == reason


def test_bomb_is_refused_by_its_header(tmp_path):
    Image.new("1", (20_000, 15_000)).save(tmp_path / "bomb.tif", compression="group4")
    assert "more than 89478485" in look_at(str(tmp_path / "bomb.tif")).refusal


@pytest.mark.parametrize("format_name", ["WEBP", "AVIF"])
def test_truncated_data_fails(format_name, decode, photo, encoded):
    contents = encoded(photo, format_name)
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        decode(contents[: len(contents) // 2])
    assert decoding_error(caught.value).upper() == f"THE {format_name} DATA IS DAMAGED OR TRUNCATED"


def test_tiff_of_floating_point_fails(decode, photo, encoded):
    with pytest.raises(tf.errors.OpError):
        decode(encoded(photo.convert("L").convert("F"), "TIFF"))


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "jpeg"])
def test_truncated_tiff_is_refused(compression, photo, encoded, tmp_path):
    contents = encoded(photo, "TIFF", compression=compression)
    (tmp_path / "photo").write_bytes(contents[: len(contents) * 3 // 4])
    assert look_at(str(tmp_path / "photo")).refusal == "the TIFF data is damaged or truncated"


def test_tensorflow_io_is_loaded_only_for_its_formats(photo, tmp_path):
    (tmp_path / "photos").mkdir()
    for name in ("a.jpg", "b.png", "c.bmp", "d.gif"):
        photo.save(tmp_path / "photos" / name)
    (tmp_path / "photos" / "bad.jpg").write_text("text")
    code = (
        "import sys; from aesthkeras.photos.sources import find_photos;"
        "from aesthkeras.photos.inspection import inspect_photos;"
        "from aesthkeras.photos.patches import patch_dataset;"
        "photos = inspect_photos(find_photos(sys.argv[1]), sys.argv[2], progress=False);"
        "assert photos.quarantined == 1; next(iter(patch_dataset(photos, 64, 60, 4)));"
        "sys.exit('tensorflow_io' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "photos"), str(tmp_path)], check=True)
