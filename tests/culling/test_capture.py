"""Time and camera, from EXIF data that Pillow wrote."""

from __future__ import annotations

import math

import pytest
from PIL import Image

from aesthkeras.culling.capture import Capture, capture_of, seconds_of

DIRECTORY = 0x8769


def exif_with(taken: str = "2026:05:01 12:30:59", fraction: str = "25", **more: str) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = more.get("make", "Make "), more.get("model", "Model\0 X")
    exif.get_ifd(DIRECTORY).update({0x9003: taken, 0x9291: fraction})
    return exif


@pytest.mark.parametrize("suffix", ["jpg", "tif", "webp", "avif", "heic"])
def test_every_format_that_holds_exif_says_when_and_with_what(suffix, photo, tmp_path):
    if suffix == "heic":
        pytest.importorskip("pillow_heif").register_heif_opener()
    path = tmp_path / f"photo.{suffix}"
    if suffix == "avif" and ".avif" not in Image.registered_extensions():
        pytest.skip("this Pillow writes no AVIF")
    photo.save(path, exif=exif_with().tobytes())
    assert capture_of(str(path)) == Capture("2026-05-01T12:30:59.25", "Make Model X")


@pytest.mark.parametrize(
    ("taken", "fraction", "expected"),
    [
        ("2026:05:01 12:30:59", "", "2026-05-01T12:30:59"),
        ("2026:05:01 12:30:59", "7 ", "2026-05-01T12:30:59.7"),
        ("0000:00:00 00:00:00", "", ""),
        ("    :  :     :  :  ", "", ""),
        ("2026:13:01 12:30:59", "5", ""),
        ("yesterday", "5", ""),
    ],
)
def test_times_that_there_are_not_are_unknown(taken, fraction, expected, photo, tmp_path):
    photo.save(tmp_path / "photo.jpg", exif=exif_with(taken, fraction))
    assert capture_of(str(tmp_path / "photo.jpg")).taken == expected


def test_a_file_without_exif_or_with_damaged_exif_or_none_at_all_says_nothing(photo, tmp_path):
    photo.save(tmp_path / "plain.jpg")
    whole = exif_with().tobytes()
    photo.save(tmp_path / "cut.jpg", exif=whole[: len(whole) // 2])
    photo.save(tmp_path / "wild.jpg", exif=b"Exif\0\0II*\0" + b"\xff" * 60)
    (tmp_path / "text.jpg").write_text("no photo")
    for name in ("plain.jpg", "wild.jpg", "text.jpg", "missing.jpg", "nul\0.jpg", ""):
        assert capture_of(str(tmp_path / name)) == Capture()
    assert capture_of(str(tmp_path / "cut.jpg")).taken == ""


def test_seconds_count_across_midnight_and_with_fractions():
    assert seconds_of("2026-05-02T00:00:01.5") - seconds_of("2026-05-01T23:59:59.25") == 2.25
    assert math.isnan(seconds_of(""))
