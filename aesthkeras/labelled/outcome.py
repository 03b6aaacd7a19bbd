"""What a run leaves: a row of metrics and the out-of-fold predictions of every probe or head, part by part.

A part (one training and one test part of the photos) is written to a file of its own as soon as it is done; a
run that was killed goes on behind the last one. `results.csv` and `predictions.npz` are made of these files.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from aesthkeras.files import replace_file
from aesthkeras.labelled.metrics import METRICS, classification, correlation
from aesthkeras.labelled.protocols import LabelledPhotos, Part
from aesthkeras.training.checkpoints import TrainingCheckpoint

RESULTS = "results.csv"
PREDICTIONS = "predictions.npz"
DESCRIPTION = "probe.json"
PARTS = "parts"
COLUMNS = (
    "encoder",
    "dataset",
    "solver",
    "layer",
    "fraction",
    "repeat",
    "fold",
    "seed",
    "train_photos",
    "test_photos",
    *METRICS,
)


@dataclass
class PartOutcome:
    """The probes, or the head, of one part.

    Attributes:
        part: which photos trained and tested.
        rows: a dict a probe: the columns of results.csv but those that all rows share.
        predictions: by name, float32 `[test photos]`; of probes `layer/fraction`, the mean probability over
            seeds, of a head `score` and `rating`.
    """

    part: Part
    rows: list[dict[str, Any]] = field(default_factory=list)
    predictions: dict[str, np.ndarray] = field(default_factory=dict)

    def add(
        self,
        layer: str,
        fraction: float,
        train_photos: int,
        by_seed: dict[int, np.ndarray],
        scores: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> None:
        """Adds the probes of one layer and label fraction.

        Args:
            layer: the block.
            fraction: of the training labels.
            train_photos: how many had a label.
            by_seed: seed -> float `[test photos]`, probability of the positive class.
            scores: the test photos' scores and those predicted, where there are any.
        """
        tested = self.part.test
        for seed, probabilities in by_seed.items():
            row: dict[str, Any] = {
                "layer": layer,
                "fraction": f"{fraction:g}",
                "repeat": self.part.repeat,
                "fold": self.part.fold,
                "seed": seed,
                "train_photos": train_photos,
                "test_photos": len(tested),
                **classification(self.part.labels[tested], probabilities),
                **(correlation(*scores) if scores else {}),
            }
            self.rows.append(row)
        mean = np.mean(list(by_seed.values()), axis=0)
        self.predictions[f"{layer}/{fraction:g}"] = mean.astype(np.float32)


class Outcomes:
    """The files of a run's parts.

    Args:
        folder: the run folder.
        columns: of results.csv.
    """

    def __init__(self, folder: Path, columns: Sequence[str] = COLUMNS) -> None:
        self.folder, self.columns = folder, columns
        (folder / PARTS).mkdir(exist_ok=True)

    def is_done(self, part: Part) -> bool:
        """Whether the part's file is there and whole."""
        return self._load(part) is not None

    def save(self, outcome: PartOutcome) -> None:
        """Writes the part's file aside and renames it."""
        content = io.BytesIO()
        np.savez(
            content,
            rows=np.array(json.dumps(outcome.rows)),
            **{f"prediction/{key}": values for key, values in outcome.predictions.items()},
        )
        replace_file(self._path(outcome.part), content.getvalue())

    def checkpoint(self, part: Part, minutes: float) -> TrainingCheckpoint:
        """Where the training of a part that is not done is kept."""
        return TrainingCheckpoint(self.folder / PARTS / f"{part.repeat}-{part.fold}.training", minutes)

    def rows(self, parts: list[Part]) -> list[dict[str, Any]]:
        """The rows of the parts that are done."""
        loaded = (self._load(part) for part in parts)
        return [row for part in loaded if part for row in part[0]]

    def write_results(self, parts: list[Part], described: dict[str, str]) -> int:
        """Writes results.csv from the parts that are done; returns the number of its rows.

        Args:
            parts: all parts of the run.
            described: the columns that all rows share: encoder, dataset, solver or target.
        """
        text = io.StringIO()
        writer = csv.DictWriter(text, self.columns, restval="", lineterminator="\n")
        writer.writeheader()
        rows = self.rows(parts)
        writer.writerows({**described, **row} for row in rows)
        replace_file(self.folder / RESULTS, text.getvalue().encode())
        return len(rows)

    def write_predictions(self, parts: list[Part], photos: LabelledPhotos) -> dict[str, np.ndarray]:
        """Writes predictions.npz, once all parts are done; returns its arrays.

        Arrays: `ids`, `groups`; `NAME/REPEAT` (of probes `LAYER/FRACTION/REPEAT`) float32 `[photos]`, the
        out-of-fold prediction, NaN where not tested; `labels/REPEAT` int8 `[photos]`, by the threshold of the
        part that tested the photo, -1 where none did.
        """
        count = len(photos.ids)
        arrays: dict[str, np.ndarray] = {"ids": np.array(photos.ids), "groups": np.array(photos.groups)}
        for part in parts:
            loaded = self._load(part)
            labels = arrays.setdefault(f"labels/{part.repeat}", np.full(count, -1, np.int8))
            labels[part.test] = part.labels[part.test]
            for key, probabilities in (loaded[1] if loaded else {}).items():
                name = f"{key}/{part.repeat}"
                arrays.setdefault(name, np.full(count, np.nan, np.float32))[part.test] = probabilities
        content = io.BytesIO()
        np.savez_compressed(content, **arrays)  # type: ignore[arg-type]
        replace_file(self.folder / PREDICTIONS, content.getvalue())
        return arrays

    def _path(self, part: Part) -> Path:
        return self.folder / PARTS / f"{part.repeat}-{part.fold}.npz"

    def _load(self, part: Part) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]] | None:
        try:
            with np.load(self._path(part)) as stored:
                rows = json.loads(str(stored["rows"]))
                prefix = "prediction/"
                found = {key[len(prefix) :]: stored[key] for key in stored.files if key.startswith(prefix)}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        whole = all(len(values) == len(part.test) for values in found.values())
        return (rows, found) if rows and whole else None
