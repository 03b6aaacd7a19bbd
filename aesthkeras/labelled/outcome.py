"""What a run leaves: a row of metrics and the out-of-fold predictions of every probe or head, part by part.

A part (one training and one test part of the photos) is written to a file of its own as soon as it is done,
so that a killed run goes on after its last finished part. `results.csv` and `predictions.npz` are made of
these files.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from aesthkeras.files import replace_file
from aesthkeras.labelled.metrics import classification, correlation
from aesthkeras.labelled.predictions import OutOfFold, prediction_name, write_predictions
from aesthkeras.labelled.protocols import LabelledPhotos, Part
from aesthkeras.labelled.results import write_results
from aesthkeras.training.checkpoints import TrainingCheckpoint

PARTS = "parts"
PREDICTION = "prediction/"  # how the names of predictions begin in a part's file


@dataclass
class PartOutcome:
    """The probes, or the head, of one part.

    Attributes:
        part: which photos trained and tested.
        rows: a dict for each row of results.csv, without the columns that all rows share.
        predictions: by name, float32 `[test photos]`, or `[test photos, seeds]` of probes with several seeds;
            of probes `LAYER/FRACTION`, of a head `score` and `rating`.
    """

    part: Part
    rows: list[dict[str, Any]] = field(default_factory=list)
    predictions: dict[str, np.ndarray] = field(default_factory=dict)

    def add(
        self,
        layer: str,
        fraction: float,
        train_photos: int,
        by_seed: Mapping[int, np.ndarray],
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
        predicted = np.stack(list(by_seed.values()), axis=1).astype(np.float32)
        if len(by_seed) == 1:
            predicted = predicted[:, 0]
        self.predictions[prediction_name(layer, fraction)] = predicted


class Outcomes:
    """The files of a run's parts, and the tables made of them.

    Args:
        folder: the run folder.
        columns: of results.csv.
        shared: the columns whose text is the same in all rows: encoder, data set, solver or target.
    """

    def __init__(self, folder: Path, columns: Sequence[str], shared: Mapping[str, str]) -> None:
        self.folder, self.columns, self.shared = folder, columns, shared
        (folder / PARTS).mkdir(exist_ok=True)

    def is_done(self, part: Part) -> bool:
        """Whether the part's file is there and whole."""
        return self._load(part) is not None

    def save(self, outcome: PartOutcome) -> None:
        """Writes the part's file, whole or not at all."""
        content = io.BytesIO()
        np.savez(
            content,
            rows=np.array(json.dumps(outcome.rows)),
            **{f"{PREDICTION}{key}": values for key, values in outcome.predictions.items()},  # type: ignore[arg-type]
        )
        replace_file(self._path(outcome.part), content.getvalue())

    def checkpoint(self, part: Part, minutes: float) -> TrainingCheckpoint:
        """The checkpoint of a part's training, which is deleted when the part is done."""
        return TrainingCheckpoint(self.folder / PARTS / f"{part.repeat}-{part.fold}.training", minutes)

    def rows(self, parts: Sequence[Part]) -> list[dict[str, Any]]:
        """The rows of the parts that are done."""
        loaded = (self._load(part) for part in parts)
        return [row for part in loaded if part for row in part.rows]

    def write_results(self, parts: Sequence[Part]) -> int:
        """Writes results.csv from those of the run's parts that are done; returns the number of its rows."""
        rows = self.rows(parts)
        write_results(self.folder, self.columns, ({**self.shared, **row} for row in rows))
        return len(rows)

    def write_predictions(self, parts: Sequence[Part], photos: LabelledPhotos) -> OutOfFold:
        """Writes predictions.npz, once all parts are done, and returns what it holds."""
        count = len(photos.ids)
        labels: dict[int, np.ndarray] = {}
        folds: dict[int, np.ndarray] = {}
        predicted: dict[tuple[str, int], np.ndarray] = {}
        for part in parts:
            of_repeat = labels.setdefault(part.repeat, np.full(count, -1, np.int8))
            of_repeat[part.test] = part.labels[part.test]
            folds.setdefault(part.repeat, np.full(count, -1, np.int16))[part.test] = part.fold
            loaded = self._load(part)
            for name, values in (loaded.predictions if loaded else {}).items():
                empty = np.full((count, *values.shape[1:]), np.nan, np.float32)
                predicted.setdefault((name, part.repeat), empty)[part.test] = values
        found = OutOfFold(np.array(photos.ids), np.array(photos.groups), labels, predicted, folds)
        write_predictions(self.folder, found)
        return found

    def _path(self, part: Part) -> Path:
        return self.folder / PARTS / f"{part.repeat}-{part.fold}.npz"

    def _load(self, part: Part) -> PartOutcome | None:
        try:
            with np.load(self._path(part)) as stored:
                rows = json.loads(str(stored["rows"]))
                found = {
                    key[len(PREDICTION) :]: stored[key] for key in stored.files if key.startswith(PREDICTION)
                }
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        # a part of an older version has the mean over seeds: it is not whole
        seeds = len({row.get("seed") for row in rows})
        is_whole = all(
            len(values) == len(part.test) and values.size == len(part.test) * seeds
            for values in found.values()
        )
        return PartOutcome(part, rows, found) if rows and is_whole else None
