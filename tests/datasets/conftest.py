"""Small trees of published data sets, filled with real photos that scikit-image and scikit-learn install."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aesthkeras.datasets.find import read_dataset
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.errors import UsageError
from aesthkeras.photos.sources import sample_photos


@pytest.fixture(scope="session")
def pictures() -> list[Image.Image]:
    """Thirty different pieces of real photos."""
    pieces = []
    for name in ("chelsea", "coffee", "china"):
        path = next(path for path in sample_photos() if name in path)
        pixels = np.asarray(Image.open(path).convert("RGB").resize((300, 200)))
        pieces += [
            Image.fromarray(pixels[y : y + 40, x : x + 60]) for x in range(0, 300, 60) for y in (20, 120)
        ]
    return pieces


@pytest.fixture
def plant(pictures) -> Callable[..., Path]:
    """`plant(path)`: a small JPEG there, folders included; another picture at each call."""
    planted = [0]

    def one(path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        pictures[planted[0] % len(pictures)].save(path, "JPEG")
        planted[0] += 1
        return path

    return one


@pytest.fixture
def write(tmp_path, plant) -> Callable[..., Path]:
    """`write(text)`: labels.csv beside six photos, 1.jpg to 6.jpg; returns the folder."""
    for number in range(1, 7):
        plant(tmp_path / f"{number}.jpg")

    def one(text: str, encoding: str = "utf-8") -> Path:
        (tmp_path / "labels.csv").write_bytes(text.encode(encoding))
        return tmp_path

    return one


@pytest.fixture
def refusal() -> Callable[..., str]:
    """`refusal(name, folder, **settings)`: the one line that reading ends in."""

    def line(name: str, folder: Path, **settings: object) -> str:
        with pytest.raises(UsageError) as caught:
            read_dataset(name, str(folder), DatasetSettings(**settings))  # type: ignore[arg-type]
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return line
