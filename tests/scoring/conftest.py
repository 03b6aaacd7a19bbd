"""Tiny scorers, and a folder with every kind of file that a person might name."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from aesthkeras.degradations.table import CLASSES
from aesthkeras.encoders import build_encoder
from aesthkeras.networks.export import Export
from aesthkeras.networks.heads import build_network, build_scorer
from aesthkeras.networks.saving import export_scorer
from aesthkeras.photos.sources import sample_photos
from aesthkeras.scoring.network import ScoringNetwork

RESIZE_EDGE, CROP = 110, 96


@pytest.fixture(scope="session")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rates photos from conv5 and the embedding, and knows the degradations."""
    encoder = build_encoder("alexnet", input_size=CROP, width=0.125)
    encoder(np.random.default_rng(1).integers(0, 256, (8, CROP, CROP, 3), np.uint8), training=True)
    embedding = keras.Input((512,))
    initializer = keras.initializers.HeNormal(seed=2)
    logits = keras.layers.Dense(len(CLASSES), kernel_initializer=initializer)(embedding)
    network = build_network({"conv5": 512, "embedding": 512}, hidden=[8], outputs=1, seed=3)
    return export_scorer(
        encoder,
        build_scorer(network, "score", threshold=50, temperature=20, mean=50, deviation=10),
        tmp_path_factory.mktemp("savedmodels") / "tiny",
        resize_edge=RESIZE_EDGE,
        meaning={"target": "score"},
        head=keras.Model(embedding, logits),
        class_names=[degradation.name for degradation in CLASSES],
    )


@pytest.fixture(scope="session")
def network(scorer: Path) -> ScoringNetwork:
    return ScoringNetwork(Export.open(scorer), batch_size=4)


@pytest.fixture(scope="session")
def photo() -> Image.Image:
    """The astronaut, 120 x 160."""
    path = next(path for path in sample_photos() if "astronaut" in path)
    return Image.open(path).convert("RGB").resize((120, 160))


@pytest.fixture(scope="session")
def folder(photo: Image.Image, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six photos in four formats, three files that are none; two files that no folder search takes."""
    root = tmp_path_factory.mktemp("photos")
    (root / "more").mkdir()
    photo.save(root / "b.png")
    photo.rotate(180).save(root / "a.jpg", quality=95)
    photo.crop((0, 0, 120, 90)).save(root / "c.webp", lossless=True)
    photo.crop((20, 30, 60, 130)).save(root / "more" / "d.tif")
    photo.resize((300, 120)).save(root / "more" / "e.bmp")
    photo.convert("L").save(root / "z.png")
    (root / "text.jpg").write_text("no photo")
    (root / "empty.jpg").touch()
    (root / "short.jpg").write_bytes((root / "a.jpg").read_bytes()[:900])
    (root / "labels.csv").write_text("path,score\n")
    (root / ".hidden.jpg").touch()
    return root


FOUND = "a.jpg b.png c.webp empty.jpg more/d.tif more/e.bmp short.jpg text.jpg z.png"


@pytest.fixture(scope="session")
def paths(folder: Path) -> list[str]:
    """What a search of the folder finds, in order."""
    return [str(folder / name) for name in FOUND.split()]
