"""Probe runs made by hand, in the form `python -m aesthkeras.probe` writes."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

MEASURES = ["accuracy", "balanced_accuracy", "auc", "srcc", "plcc"]
PLACES = ["encoder", "dataset", "solver", "layer", "fraction", "repeat", "fold", "seed"]
COLUMNS = [*PLACES, "train_photos", "test_photos", *MEASURES]

Scores = dict[tuple[str, float, int, int], Any]


def predictions(scores: Scores, photos: int, seed: int) -> dict[str, np.ndarray]:
    """Every photo tested once in every repeat, half of them positive, right as often as the scores say.

    Folds are of equal size, one after the other.
    """
    generator = np.random.default_rng(seed)
    labels = (np.arange(photos) % 2).astype(np.int8)
    arrays = {"ids": np.array([f"photo{n}" for n in range(photos)]), "groups": np.array([""] * photos)}
    folds = len({fold for *_, fold in scores})
    for layer, fraction, repeat, _ in scores:
        value = scores[layer, fraction, repeat, 0]
        accuracy = value["accuracy"] if isinstance(value, dict) else value
        right = generator.permutation(photos) < round(accuracy * photos)
        sure = generator.uniform(0.51, 0.99, photos)
        arrays[f"{layer}/{fraction}/{repeat}"] = np.where(right == (labels == 1), sure, 1 - sure).astype(
            np.float32
        )
        arrays[f"labels/{repeat}"] = labels
        arrays[f"folds/{repeat}"] = np.arange(photos) * folds // photos
    return arrays


@pytest.fixture
def probe_run(probe_run_in: Callable[..., Path], tmp_path: Path) -> Callable[..., Path]:
    """`probe_run_in` the test's own folder."""
    return partial(probe_run_in, tmp_path)


@pytest.fixture(scope="session")
def probe_run_in() -> Callable[..., Path]:
    """Writes a run folder from (layer, fraction, repeat, fold) -> accuracy or measure -> value."""

    def write(
        root: Path,
        encoder: str,
        scores: Scores,
        dataset: str = "OASIS",
        *,
        photos: int = 40,
        spec: str = "",
        fingerprint: str = "",
        dataset_fingerprint: str = "d0",
        protocol: str = "repeated k-fold",
        solver: str = "lbfgs",
        arrays: dict[str, np.ndarray] | None = None,
        name: str = "",
        flags: str = "",
    ) -> Path:
        folder = root / (name or f"{encoder}-{dataset}-{solver}".replace("/", "-"))
        folder.mkdir()
        layers = list(dict.fromkeys(key[0] for key in scores))
        facts = {
            "encoder": {
                "name": encoder,
                "fingerprint": fingerprint or f"f-{encoder}",
                "spec": spec or f"savedmodels/{encoder}",
            },
            "dataset": {
                "name": dataset,
                "photos": photos,
                "fingerprint": dataset_fingerprint,
                "scored": False,
            },
            "protocol": protocol,
            "solver": solver,
            "pooling": "average",
            "layers": layers,
            "values": {layer: 9216 for layer in layers},
        }
        (folder / "probe.json").write_text(json.dumps(facts))
        with open(folder / "results.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for (layer, fraction, repeat, fold), value in scores.items():
                values = value if isinstance(value, dict) else {"accuracy": value}
                measured = [values.get(measure, "") for measure in MEASURES]
                start = [encoder, dataset, solver, layer, fraction, repeat, fold, 10 * repeat + fold]
                writer.writerow([*start, photos, photos, *measured])
        np.savez(folder / "predictions.npz", **(predictions(scores, photos, 0) if arrays is None else arrays))
        if flags:
            (folder / "flags.cfg").write_text(flags)
        return folder

    return write


def rising_scores(start: float, fractions: tuple[float, ...] = (0.1, 1)) -> Scores:
    """Five layers, two repeats of two folds; each layer a point above the one before it."""
    return {
        (f"conv{layer}", fraction, repeat, fold): start + layer / 100 + repeat / 50 - (1 - fraction) / 10
        for layer in range(1, 6)
        for fraction in fractions
        for repeat in (0, 1)
        for fold in (0, 1)
    }


@pytest.fixture(scope="session")
def scores() -> Callable[..., Scores]:
    """Makes the accuracies of a run."""
    return rising_scores
