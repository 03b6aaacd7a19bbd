"""A tiny exported encoder, and small rated sets cut from photos that other packages install."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.encoders import build_encoder
from aesthkeras.finding.find import FoundEncoder, find_encoder
from aesthkeras.labelled.settings import LabelledRunSettings
from aesthkeras.networks.saving import export_encoder
from aesthkeras.photos.sources import sample_photos
from aesthkeras.probes.settings import ProbeRecipe
from aesthkeras.settings import flag_values
from aesthkeras.training.run_folder import RunFolder

RESIZE, CROP, WIDTH = 104, 96, 0.125
PHOTOS = 36


class RatedSet(NamedTuple):
    """A csv set: its folder, the paths as labels.csv has them, their scores and groups."""

    folder: Path
    names: list[str]
    scores: np.ndarray
    groups: list[str]


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    encoder = build_encoder("alexnet", input_size=CROP, width=WIDTH, seed=3)
    pixels = np.random.default_rng(1).integers(0, 256, (8, CROP, CROP, 3), np.uint8)
    encoder(pixels, training=True)
    folder = tmp_path_factory.mktemp("savedmodels") / "tiny"
    return export_encoder(encoder, folder, resize_edge=RESIZE).parent


@pytest.fixture(scope="session")
def encoder(exported: Path) -> FoundEncoder:
    return find_encoder(str(exported))


@pytest.fixture(scope="session")
def pieces() -> list[Image.Image]:
    """Pieces of three photos; the later of each are brighter, which a probe can see."""
    images = []
    for name in ("chelsea", "coffee", "china"):
        path = next(path for path in sample_photos() if name in path)
        pixels = np.asarray(Image.open(path).convert("RGB").resize((480, 360)), np.float32)
        for index, factor in enumerate(np.linspace(0.4, 1.2, PHOTOS // 3)):
            top, left = 80 * (index % 3), 110 * (index % 4)
            piece = pixels[top : top + 120, left : left + 140] * factor
            images.append(Image.fromarray(np.clip(piece, 0, 255).astype(np.uint8)))
    return images


@pytest.fixture(scope="session")
def make_set(pieces: list[Image.Image]) -> Callable[..., RatedSet]:
    """`make_set(folder, scores=None, header=..., rows=...)`: the pieces, rated by their brightness."""

    def make(folder: Path, scores: np.ndarray | None = None) -> RatedSet:
        (folder / "images").mkdir(parents=True)
        names = [f"images/{index:02}.png" for index in range(len(pieces))]
        for name, piece in zip(names, pieces):
            piece.save(folder / name)
        if scores is None:
            noise = np.random.default_rng(0).normal(0, 0.3, len(pieces))
            scores = np.array([np.asarray(piece).mean() / 25 for piece in pieces]) + noise
        groups = [f"pair {index // 2}" for index in range(len(pieces))]
        lines = [f"{name},{score:.4f},{group}" for name, score, group in zip(names, scores, groups)]
        (folder / "labels.csv").write_text("path,score,theme\n" + "\n".join(lines) + "\n")
        return RatedSet(folder, names, np.array([round(float(score), 4) for score in scores]), groups)

    return make


@pytest.fixture(scope="session")
def rated(make_set, tmp_path_factory: pytest.TempPathFactory) -> RatedSet:
    return make_set(tmp_path_factory.mktemp("data") / "tiny")


@pytest.fixture
def run_probe(exported: Path) -> Callable[..., Path]:
    """`run_probe(set folder, run folder, **settings)`: the command without its process."""

    def run(
        data_dir: Path,
        run_dir: Path,
        choices: DatasetSettings | None = None,
        encoder: FoundEncoder | None = None,
        **settings,
    ) -> Path:
        from aesthkeras.labelled.protocols import read_labelled
        from aesthkeras.probes.probing import probe

        where = LabelledRunSettings(encoder=str(exported), data_dir=str(data_dir), run_dir=str(run_dir))
        given = {name: settings.pop(name) for name in list(settings) if hasattr(where, name)}
        where = replace(where, **given)
        recipe = ProbeRecipe(**{"folds": 3, "repeats": 2, "layers": "conv1,conv5", **settings})
        choices = choices or DatasetSettings()
        labelled = read_labelled(where.dataset, where.data_dir, choices, recipe)
        found = encoder or find_encoder(str(exported))
        folder = RunFolder(run_dir)
        folder.claim(flag_values(where, recipe, choices), set())
        probe(folder, found, labelled, recipe, where)
        return Path(run_dir)

    return run
