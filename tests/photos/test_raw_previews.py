"""The JPEG in a raw file, from DNG files of a few tags made here, as LibRaw reads them."""

from __future__ import annotations

import importlib.util
import io
import struct
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageOps

from aesthkeras.culling.capture import capture_of
from aesthkeras.decoding.refusal import PhotoRefusedError
from aesthkeras.photos import raw_previews
from aesthkeras.photos.raw_previews import READ_AS, embedded_preview, look_with_previews
from aesthkeras.photos.reading import read_photos

needs_rawpy = pytest.mark.skipif(importlib.util.find_spec("rawpy") is None, reason="rawpy is not installed")
CODES = {1: "B", 3: "H", 4: "I", 5: "I", 10: "i"}  # of TIFF's types of numbers
SENSOR = (48, 64)


def directory(place: int, tags: dict[int, tuple[int, list[int] | bytes]]) -> bytes:
    """A TIFF directory at a position of the file, with the values that do not fit in it behind it."""
    entries, values = struct.pack("<H", len(tags)), b""
    behind = place + 2 + 12 * len(tags) + 4
    for tag, (kind, given) in sorted(tags.items()):
        octets = given if isinstance(given, bytes) else struct.pack(f"<{len(given)}{CODES[kind]}", *given)
        count = len(given) // (2 if kind in (5, 10) else 1)
        if len(octets) > 4:
            octets, values = (
                struct.pack("<I", behind + len(values)),
                values + octets + b"\0" * (len(octets) % 2),
            )
        entries += struct.pack("<HHI4s", tag, kind, count, octets)
    return entries + bytes(4) + values


def dng(preview: Image.Image, orientation: int = 1) -> bytes:
    """A sensor's mosaic of noise, and a preview in a directory below."""
    out = io.BytesIO()
    preview.save(out, "JPEG", quality=95)
    jpeg = out.getvalue() + b"\0" * (out.tell() % 2)
    height, width = SENSOR
    mosaic = np.random.default_rng(0).integers(100, 4000, SENSOR, np.uint16).tobytes()
    content = mosaic + jpeg
    below = 8 + len(content)
    content += directory(
        below,
        {
            254: (4, [1]),
            256: (4, [preview.width]),
            257: (4, [preview.height]),
            258: (3, [8, 8, 8]),
            259: (3, [7]),
            262: (3, [6]),
            273: (4, [8 + len(mosaic)]),
            277: (3, [3]),
            278: (4, [preview.height]),
            279: (4, [len(jpeg)]),
        },
    )
    main = 8 + len(content)
    identity = [1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1]
    content += directory(
        main,
        {
            254: (4, [0]),
            256: (4, [width]),
            257: (4, [height]),
            258: (3, [16]),
            259: (3, [1]),
            262: (3, [32803]),
            271: (2, b"Make\0"),
            272: (2, b"Model\0"),
            273: (4, [8]),
            274: (3, [orientation]),
            277: (3, [1]),
            278: (4, [height]),
            279: (4, [len(mosaic)]),
            330: (4, [below]),
            33421: (3, [2, 2]),
            33422: (1, [0, 1, 1, 2]),
            50706: (1, [1, 4, 0, 0]),
            50708: (2, b"Make Model\0"),
            50714: (3, [0]),
            50717: (4, [4095]),
            50721: (10, identity),
            50728: (5, [1, 1, 1, 1, 1, 1]),
            50778: (3, [21]),
        },
    )
    return b"II*\0" + struct.pack("<I", main) + content


@pytest.fixture
def raw_file(tmp_path) -> Callable[..., str]:
    def write(*arguments) -> str:
        (tmp_path / "photo.dng").write_bytes(dng(*arguments))
        return str(tmp_path / "photo.dng")

    return write


@needs_rawpy
@pytest.mark.parametrize(("orientation", "turn"), [(1, 0), (3, 180), (6, 270), (8, 90)])
def test_the_preview_is_the_cameras_jpeg_and_knows_which_way_up_it_is(orientation, turn, raw_file, sample):
    photo = sample("china", 520)
    path = raw_file(photo, orientation)
    assert look_with_previews(path) == ("", False, READ_AS)
    shown = ImageOps.exif_transpose(Image.open(io.BytesIO(embedded_preview(path)))).convert("RGB")
    expected = np.asarray(photo.rotate(turn, expand=True), int)
    assert np.abs(np.asarray(shown, int) - expected).mean() < 4
    assert capture_of(path).camera == "Make Model"


@needs_rawpy
def test_small_previews_and_damaged_files_are_refused(raw_file, sample, tmp_path):
    with pytest.raises(PhotoRefusedError, match="whose preview is small, 312 x 208 pixels: convert it"):
        embedded_preview(raw_file(sample("coffee", 208)))
    (tmp_path / "cut.dng").write_bytes(dng(sample("china", 520))[:3000])
    with pytest.raises(PhotoRefusedError, match="a camera raw file that rawpy does not read"):
        embedded_preview(str(tmp_path / "cut.dng"))


def test_without_rawpy_the_row_names_the_extra(raw_file, sample, monkeypatch):
    monkeypatch.setattr(raw_previews, "reads_raw_files", lambda: False)
    refusal = look_with_previews(raw_file(sample("coffee", 64))).refusal
    assert refusal.startswith("a camera raw file, which needs a raw converter")
    assert refusal.endswith("pip install 'aesthkeras[photos]'")


@needs_rawpy
@pytest.mark.long
def test_previews_are_read_between_other_photos_and_say_so(raw_file, sample, tmp_path):
    raw = raw_file(sample("china", 520))
    sample("china", 520).save(tmp_path / "photo.png")
    (tmp_path / "small.dng").write_bytes(dng(sample("china", 64)))
    paths = [str(tmp_path / "photo.png"), raw, str(tmp_path / "small.dng")]
    png, preview, small = read_photos(paths, 110, 96, previews=True)
    assert np.abs(png.crops.astype(int) - preview.crops).mean() < 4
    assert (png.read_as, preview.read_as, preview.size) == ("", READ_AS, png.size)
    assert "whose preview is small" in small.error
    (refused,) = read_photos([raw], 110, 96)
    assert refused.error.startswith("a camera raw file")
