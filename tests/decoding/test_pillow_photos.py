from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from aesthkeras.decoding.pillow_photos import decode_with_pillow
from aesthkeras.decoding.refusal import PhotoRefusedError
from tests.decoding.writers import COUNT, VALUE, heic_of, needs_avif, tiff_of, with_tag


def refusal(contents):
    with pytest.raises(PhotoRefusedError) as caught:
        decode_with_pillow(contents)
    return str(caught.value)


def test_heic_without_pillow_heif_names_the_extra(first_look, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
    assert first_look(heic) == "HEIC needs one more package: pip install 'aesthkeras[heic]'"


@needs_avif
def test_avif_without_pillows_support_says_so(photo, encoded, first_look, monkeypatch):
    contents = encoded(photo, "AVIF")
    monkeypatch.setattr("PIL.AvifImagePlugin.SUPPORTED", False)
    assert first_look(contents).startswith("AVIF needs Pillow 11.3 or newer, built with it; this one is ")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda photo, encoded: encoded(photo.resize((9, 9)), "WEBP"), "9 x 9 pixels, shorter edge under 16"),
        (
            lambda photo, encoded: encoded(photo.resize((4000, 20)), "TIFF"),
            "4000 x 20 pixels, longer than 100 to 1",
        ),
        (lambda photo, encoded: encoded(photo, "WEBP")[:40], "the WebP data is damaged or truncated"),
        (lambda photo, encoded: encoded(photo, "TIFF")[:40], "the TIFF data is damaged or truncated"),
        pytest.param(
            lambda photo, encoded: encoded(photo, "AVIF")[:200],
            "the AVIF data is damaged or truncated",
            marks=needs_avif,
        ),
        (
            lambda photo, encoded: encoded(photo.convert("F"), "TIFF"),
            "a TIFF of floating point is not supported",
        ),
        (
            lambda photo, encoded: tiff_of(np.zeros((30, 40, 3), np.float32), photometric="rgb"),
            "a TIFF of a kind that Pillow does not decode: unknown pixel mode",
        ),
        (
            lambda photo, encoded: tiff_of(np.zeros((30, 40), np.int32)),
            "a TIFF of 32 bits or with a sign is not supported",
        ),
        (
            lambda photo, encoded: encoded(photo.convert("LAB"), "TIFF"),
            "a TIFF of CIELab colours is not supported",
        ),
        (
            lambda photo, encoded: b"\0\0\0\x18ftypqt  \0\0\0\0qt  qt  ",
            "a container of another kind (brand qt), not a photo that can be decoded",
        ),
    ],
)
def test_what_cannot_be_shown_is_refused(make, reason, photo, encoded, first_look):
    assert first_look(make(photo, encoded)) == reason


def test_bomb_is_refused_by_its_header(encoded, first_look):
    bomb = encoded(Image.new("1", (20_000, 15_000)), "TIFF", compression="group4")
    assert first_look(bomb) == "20000 x 15000 pixels, more than 89478485 in all"


@pytest.mark.parametrize("format_name", ["WEBP", pytest.param("AVIF", marks=needs_avif)])
def test_truncated_data_is_refused(format_name, photo, encoded):
    contents = encoded(photo, format_name)
    reason = refusal(contents[: len(contents) // 2])
    assert reason.upper() == f"THE {format_name} DATA IS DAMAGED OR TRUNCATED"


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "jpeg"])
def test_truncated_tiff_is_refused(compression, photo, encoded):
    contents = encoded(photo, "TIFF", compression=compression)
    assert refusal(contents[: len(contents) * 3 // 4]) == "the TIFF data is damaged or truncated"


def test_truncated_heic_is_refused(photo):
    contents = heic_of(photo, quality=90)
    assert refusal(contents[: len(contents) // 2]) == "the HEIC data is damaged or truncated"


def test_many_threads_decode_the_same(photos, encoded):
    made = ("WEBP", {"lossless": True}), ("TIFF", {"compression": "tiff_lzw"}), ("TIFF", {})
    files = [(photo, encoded(photo, kind, **options)) for photo in photos for kind, options in made] * 20
    with ThreadPoolExecutor(16) as threads:
        for (photo, _), pixels in zip(files, threads.map(decode_with_pillow, [file[1] for file in files])):
            np.testing.assert_array_equal(pixels, photo)


@pytest.mark.long
def test_pillow_and_libtiff_print_nothing(photo, encoded, tmp_path):
    contents = encoded(photo, "TIFF", dpi=(72, 72))
    (tmp_path / "a.tif").write_bytes(with_tag(contents, 296, COUNT, 2))  # Pillow warns of two units
    (tmp_path / "b.tif").write_bytes(with_tag(contents, 277, VALUE, 9))  # it logs: 9 channels are too many
    with pytest.warns(UserWarning, match="Metadata Warning"):
        Image.open(tmp_path / "a.tif").load()
    compressed = encoded(photo, "TIFF", compression="tiff_lzw")
    (tmp_path / "c.tif").write_bytes(
        compressed.replace(compressed[9000:9100], b"\xff" * 100)
    )  # libtiff prints
    code = (
        "import sys; from aesthkeras.photos.photo_files import look_at, refusal_reason;"
        "assert refusal_reason(sys.argv[1]) == 'could not be read at the first attempt';"
        "assert 'samples per pixel' in look_at(sys.argv[2]).refusal;"
        "assert refusal_reason(sys.argv[3]) == 'the TIFF data is damaged or truncated'"
    )
    paths = [str(tmp_path / name) for name in ("a.tif", "b.tif", "c.tif")]
    process = subprocess.run([sys.executable, "-c", code, *paths], check=True, capture_output=True, text=True)
    assert not any(words in process.stderr for words in ("Metadata", "samples", "LZW", "tempfile"))
