"""`results.csv`: a row of metrics for every probe or head that was tested. Imports no TensorFlow."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from aesthkeras.errors import UsageError
from aesthkeras.files import replace_file
from aesthkeras.labelled.description import ADAPTED, AS_WRITTEN, ProbeDescription

RESULTS = "results.csv"
METRICS = {"accuracy": 0, "balanced_accuracy": 0, "auc": 0, "srcc": -1, "plcc": -1}
"""The lowest possible value of each metric (`metrics.py`); the highest is 1."""
PROBE_COLUMNS = (
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
SCORER_COLUMNS = (
    "encoder",
    "dataset",
    "target",
    "repeat",
    "fold",
    "train_photos",
    "validation_photos",
    "test_photos",
    "epochs",
    "temperature",
    *METRICS,
)
UNREAD = ("train_photos", "validation_photos", "test_photos", "epochs", "temperature", "target")
"""For people, not for reports."""
OF_A_SCORER = {"layer": ADAPTED, "fraction": "1", "seed": "0"}
"""What a scorer's rows have no columns for."""


class FoldScore(NamedTuple):
    """A row of results.csv: one probe, tested once; `values` is metric -> value, NaN where undefined."""

    layer: str
    fraction: float
    repeat: int
    fold: int
    seed: int
    values: Mapping[str, float]

    @property
    def test(self) -> tuple[int, int, int]:
        """Which of the tests of its layer and fraction this is."""
        return self.repeat, self.fold, self.seed


def write_results(folder: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Writes results.csv into a run folder; a column that a row lacks stays empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    replace_file(folder / RESULTS, text.getvalue().encode())


def read_probe_results(folder: Path, description: ProbeDescription) -> tuple[FoldScore, ...]:
    """Reads and checks the results.csv of a run of `probe` or of `adapt`.

    Args:
        folder: the run folder.
        description: what its probe.json says; the rows must be of the same encoder, data set and layers. For
            a scorer its only layer is `ADAPTED`.

    Raises:
        UsageError: the file is missing, unfinished or not as written; the message names it.
    """
    path = folder / RESULTS
    is_scorer = description.layers == [ADAPTED]
    columns, implied = (SCORER_COLUMNS, OF_A_SCORER) if is_scorer else (PROBE_COLUMNS, {})
    try:
        with open(path, newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            needed = (name for name in columns if name not in UNREAD)
            missing = [name for name in needed if name not in (reader.fieldnames or ())]
            if missing:
                raise UsageError(f"{path}: expected the column {missing[0]}, {AS_WRITTEN}")
            scores = [
                _score({**row, **implied}, description, f"{path}, line {reader.line_num}") for row in reader
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or "it is not CSV"
        raise UsageError(f"{folder}: expected {RESULTS}, {AS_WRITTEN} ({reason})") from None
    _refuse_incomplete(path, scores, description.layers)
    return tuple(scores)


def _score(row: Mapping[str, str], description: ProbeDescription, place: str) -> FoldScore:
    if row["layer"] not in description.layers:
        layers = ", ".join(description.layers)
        raise UsageError(f"{place}: expected a layer of {layers}, found {row['layer']!r}")
    described = {
        "encoder": description.encoder.name,
        "dataset": description.dataset.name,
        "solver": description.solver,
    }
    for name, value in described.items():
        if row.get(name, value) != value:
            found = row[name]
            raise UsageError(f"{place}: expected {name} {value!r} as its description has it, found {found!r}")
    try:
        values = {name: float(row[name]) if row[name] else math.nan for name in METRICS}
        score = FoldScore(
            row["layer"],
            float(row["fraction"]),
            int(row["repeat"]),
            int(row["fold"]),
            int(row["seed"]),
            values,
        )
    except (TypeError, ValueError):
        raise UsageError(f"{place}: expected numbers, {AS_WRITTEN}") from None
    if not 0 < score.fraction <= 1:
        raise UsageError(f"{place}: expected a fraction above 0 and at most 1, found {row['fraction']}")
    for name, number in values.items():
        if number < METRICS[name] or number > 1:
            raise UsageError(f"{place}: expected {name} from {METRICS[name]} to 1, found {number:g}")
    return score


def _refuse_incomplete(path: Path, scores: Sequence[FoldScore], layers: Sequence[str]) -> None:
    """Every layer must have the same tests at a fraction: else the average over layers mixes repeats."""
    tests: dict[tuple[float, str], list[tuple[int, int, int]]] = {}
    for score in scores:
        tests.setdefault((score.fraction, score.layer), []).append(score.test)
    if not tests:
        raise UsageError(f"{path}: expected at least one result, {AS_WRITTEN}")
    for fraction in {score.fraction for score in scores}:
        expected = sorted(next(found for key, found in tests.items() if key[0] == fraction))
        if len(set(expected)) < len(expected):
            raise UsageError(f"{path}: expected each repeat, fold and seed of a layer once; some occur twice")
        folds_of: dict[int, list[int]] = {}
        for repeat, fold, _ in expected:
            folds_of.setdefault(repeat, []).append(fold)
        uneven = len({tuple(folds) for folds in folds_of.values()}) > 1
        if uneven or any(sorted(tests.get((fraction, layer), ())) != expected for layer in layers):
            raise UsageError(
                f"{path}: expected the same repeats and folds for each of {', '.join(layers)} at fraction "
                f"{fraction:g}; the run may be unfinished"
            )
