"""Real photos that scikit-image installs, and Pillow as the independent judge of what a file shows."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from aesthkeras.photos.photo_files import look_at
from aesthkeras.photos.sources import sample_photos


@pytest.fixture(scope="session")
def photo() -> Image.Image:
    """The cat: RGB, 225 x 150, no metadata."""
    path = next(path for path in sample_photos() if path.endswith("chelsea.png"))
    pixels = np.asarray(Image.open(path).convert("RGB").resize((225, 150)))
    return Image.fromarray(pixels)


@pytest.fixture(scope="session")
def photos(photo: Image.Image) -> list[Image.Image]:
    """Five different photos of different shapes, RGB, without metadata."""
    sizes = {
        "astronaut": (96, 80),
        "coffee": (120, 80),
        "rocket": (81, 130),
        "china": (100, 101),
        "flower": (64, 64),
    }
    return [
        Image.fromarray(np.asarray(Image.open(path).convert("RGB").resize(size)))
        for name, size in sizes.items()
        for path in sample_photos()
        if name in path
    ]


@pytest.fixture(scope="session")
def sample() -> Callable[..., Image.Image]:
    """One of the embedded photos by a part of its name, its shorter edge made `edge` pixels long."""

    def shrink(name: str, edge: int = 192) -> Image.Image:
        path = next(path for path in sample_photos() if name in path)
        image = Image.open(path).convert("RGB")
        scale = edge / min(image.size)
        size = (round(image.width * scale), round(image.height * scale))
        return image.resize(size, Image.Resampling.LANCZOS)

    return shrink


@pytest.fixture(scope="session")
def encoded() -> Callable[..., bytes]:
    """An image in a format of Pillow's, as a file holds it."""

    def encode(image: Image.Image, format_name: str, **options: object) -> bytes:
        out = io.BytesIO()
        image.save(out, format_name, **options)
        return out.getvalue()

    return encode


@pytest.fixture(scope="session")
def shown() -> Callable[[bytes], np.ndarray]:
    """What Pillow shows of a file: upright, over white, RGB, int64 [height, width, 3]."""

    def show(contents: bytes) -> np.ndarray:
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(contents)))
        if image.mode == "CMYK":
            return np.asarray(image.convert("RGB")).astype(int)
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        return np.asarray(Image.alpha_composite(white, image).convert("RGB")).astype(int)

    return show


@pytest.fixture
def first_look(tmp_path: Path) -> Callable[[bytes], str]:
    """The reason for which a file is refused before it is decoded."""

    def look(contents: bytes) -> str:
        (tmp_path / "photo").write_bytes(contents)
        return look_at(str(tmp_path / "photo")).refusal

    return look
