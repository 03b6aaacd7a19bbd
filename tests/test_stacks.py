"""What the two stacks must agree on: losses of a training, scores of photos, exports that the other takes.

Runs commands with this Python and with the one that AESTHKERAS_OTHER_PYTHON names, of an environment with the
package and the other Keras; without it there is nothing to compare. `.ci/run` names it.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aesthkeras.photos.sources import sample_photos

OTHER = os.environ.get("AESTHKERAS_OTHER_PYTHON", "")
pytestmark = [
    pytest.mark.skipif(not OTHER, reason="AESTHKERAS_OTHER_PYTHON names no Python of the other stack"),
    pytest.mark.timeout(900),  # a fixture trains twice, at the first test's cost
]

PYTHONS = {"here": sys.executable, "other": OTHER}
CLONE = Path(__file__).parents[1]
TINY = ["--width=0.125", "--resize=108", "--crop=96", "--precision=float32"]
STEPS = 10
RATED = 24
CROPS = 4


def run(python: str, command: str, *flags: str) -> str:
    done = subprocess.run(
        [python, "-m", f"aesthkeras.{command}", *flags],
        cwd=CLONE,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def keras_of(python: str) -> str:
    code = "from importlib.metadata import version; print(version('keras'))"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.split(".")[
        0
    ]


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    """Rated pieces of photos: the later of each photo are brighter, and rated higher."""
    folder = tmp_path_factory.mktemp("rated")
    rows = ["path,score,group"]
    for photo in ("chelsea", "coffee", "china"):
        path = next(path for path in sample_photos() if photo in path)
        pixels = np.asarray(Image.open(path).convert("RGB").resize((480, 360)), np.float32)
        for index, factor in enumerate(np.linspace(0.4, 1.2, RATED // 3)):
            name = f"{photo}{index}.jpg"
            piece = pixels[60 * (index % 3) :][:160, 80 * (index % 4) :][:, :200] * factor
            Image.fromarray(np.clip(piece, 0, 255).astype(np.uint8)).save(folder / name, quality=95)
            rows.append(f"{name},{factor:.4f},{photo}{index % 4}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture(scope="module")
def runs(photos, tmp_path_factory) -> dict[str, Path]:
    """By stack: a training of ten steps, an epoch each, and the encoder that it exports."""
    folders = {name: tmp_path_factory.mktemp(name) for name in PYTHONS}
    for name, folder in folders.items():
        run(
            PYTHONS[name],
            "pretrain",
            f"--data_dir={photos}",
            f"--run_dir={folder / 'run'}",
            f"--out={folder / 'encoder'}",
            *TINY,
            f"--batch_size={CROPS * RATED}",
            f"--crops_per_photo={CROPS}",
            f"--epochs={STEPS}",
            "--triplet_epoch=4",
            "--entropy_epoch=8",
            "--entropy_alpha=0.1",
            # With larger steps rounding grows: 0.001 parts the stacks by 1e-3 of the loss, this by 6e-6.
            "--learning_rate=0.0001",
        )
    return folders


@pytest.fixture(scope="module")
def scorers(runs, photos, tmp_path_factory) -> dict[str, Path]:
    """By stack: a scorer made there of the encoder that the other stack has exported."""
    made = {}
    for name, writer in (("here", "other"), ("other", "here")):
        folder = tmp_path_factory.mktemp(f"scorer_{name}")
        flags = ["--dataset=csv", f"--data_dir={photos}", "--folds=3", "--repeats=1", "--target=score"]
        places = [
            f"--encoder={runs[writer] / 'encoder'}",
            f"--run_dir={folder / 'run'}",
            f"--out={folder / 'm'}",
        ]
        run(PYTHONS[name], "adapt", *flags, *places, "--hidden=8", "--epochs=20")
        made[name] = folder / "m"
    return made


def scores(python: str, model: Path | str, photos: Path, out: Path) -> dict[str, float]:
    run(python, "score", str(photos), f"--model={model}", f"--out={out}")
    with out.open(encoding="utf-8") as file:
        return {row["path"]: float(row["score"]) for row in csv.DictReader(file)}


def test_they_are_two_stacks():
    assert {keras_of(python) for python in PYTHONS.values()} == {"2", "3"}


def test_losses_of_the_first_ten_steps_are_equal(runs):
    losses = [
        [json.loads(line)["loss"] for line in (folder / "run" / "metrics.jsonl").read_text().splitlines()]
        for folder in runs.values()
    ]
    assert len(losses[0]) == STEPS and len(set(losses[0])) == STEPS
    np.testing.assert_allclose(*losses, rtol=1e-4)


def test_encoders_are_described_alike(runs):
    described = [
        json.loads(next(folder.glob("encoder/1/assets/encoder.json")).read_text()) for folder in runs.values()
    ]
    assert described[0] == described[1]


@pytest.mark.parametrize("model", ["quality", "beauty"])
def test_shipped_models_score_alike(model, photos, tmp_path):
    found = [scores(python, model, photos, tmp_path / f"{name}.csv") for name, python in PYTHONS.items()]
    assert len(found[0]) == RATED and found[0].keys() == found[1].keys()
    np.testing.assert_allclose(*([of[name] for name in found[0]] for of in found), rtol=0, atol=1e-5)


@pytest.mark.parametrize("writer", PYTHONS)
def test_a_scorer_made_of_the_others_encoder_scores_alike_on_both(writer, scorers, photos, tmp_path):
    found = [
        scores(python, scorers[writer], photos, tmp_path / f"{name}.csv") for name, python in PYTHONS.items()
    ]
    assert len(found[0]) == RATED and len(set(found[0].values())) > 1
    np.testing.assert_allclose(*([of[name] for name in found[0]] for of in found), rtol=0, atol=1e-5)
