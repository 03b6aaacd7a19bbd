"""What a probe run wrote, read back and checked: probe.json, results.csv and where to find the rest."""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from aesthkeras.errors import UsageError
from aesthkeras.reports.measures import MEASURES
from aesthkeras.training.run_folder import RunFolder

COLUMNS = ("encoder", "dataset", "solver", "layer", "fraction", "repeat", "fold", "seed", *MEASURES)
APART = 10_000
"""Where training seeds stand together, repeats of seed s count from s times this; a probe has fewer."""
SOLVER_FLAGS = {
    "lbfgs": ("mirror",),
    "sgd": (
        "epochs",
        "batch_size",
        "learning_rate",
        "learning_rate_factor",
        "learning_rate_epochs",
        "momentum",
        "decay",
        "weight_decay",
    ),
}
AS_WRITTEN = "as `python -m aesthkeras.probe` writes it"


class FoldScore(NamedTuple):
    """A row of results.csv: one probe, tested once; `values` is measure -> value, NaN where undefined."""

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


@dataclass(frozen=True)
class ProbeRun:
    """One encoder probed on one data set; `values` is layer -> number of features.

    `by_seed` is training seed -> run where this stands for several (`training_seeds.pool_seeds`).
    """

    folder: Path
    encoder: str
    encoder_fingerprint: str
    spec: str
    dataset: str
    dataset_fingerprint: str
    photos: int
    protocol: str
    solver: str
    pooling: str
    layers: tuple[str, ...]
    values: Mapping[str, int]
    scores: tuple[FoldScore, ...]
    flags: Mapping[str, str]
    commit: str
    by_seed: Mapping[int, ProbeRun] = field(default_factory=dict)

    @property
    def settings(self) -> str:
        """The flags that its solver goes by, as they are typed; empty where flags.cfg is not there."""
        names = [name for name in SOLVER_FLAGS.get(self.solver, ()) if name in self.flags]
        if self.flags.get("label_draws") == "stratified":
            names.append("label_draws")
        return " ".join(f"--{name}={self.flags[name]}" for name in names)

    @property
    def fractions(self) -> tuple[float, ...]:
        """The label fractions that were probed, ascending."""
        return tuple(sorted({score.fraction for score in self.scores}))

    @property
    def folds(self) -> int:
        """How many folds a repeat has; 1 for a fixed split."""
        return len({score.fold for score in self.scores})

    @property
    def seeds(self) -> int:
        """How many probes were trained side by side for each test."""
        tests = Counter((score.layer, score.fraction, score.repeat, score.fold) for score in self.scores)
        return max(tests.values(), default=1)

    def replicates(self, measure: str, layer: str, fraction: float) -> np.ndarray:
        """The measure of each repeat (or seed of a repeat), averaged over its folds; float64 `[R]`.

        The order is the same for every layer. Folds in which the measure is undefined are left out; NaN
        where it is undefined in all.
        """
        found: dict[tuple[int, int], list[float]] = {}
        seeds: dict[tuple[int, int], int] = {}
        for score in sorted(self.scores, key=lambda score: score.test):
            if score.layer == layer and score.fraction == fraction:
                # folds may have seeds of their own: a fold's n-th seed belongs to the n-th replicate
                number = seeds.get((score.repeat, score.fold), 0)
                seeds[score.repeat, score.fold] = number + 1
                values = found.setdefault((score.repeat, number), [])
                if not math.isnan(score.values[measure]):
                    values.append(score.values[measure])
        return np.array([np.mean(found[key]) if found[key] else math.nan for key in sorted(found)])


def read_probe_run(path: str) -> ProbeRun:
    """Reads and checks the folder of a probe run, predictions apart (`predictions.read_predictions`).

    Raises:
        UsageError: a file is missing, empty or not what a probe writes; the message names folder and file.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise UsageError(f"{path}: expected the folder of a probe run")
    facts = _read_facts(folder)
    encoder, dataset = _part(facts, "encoder", dict, folder), _part(facts, "dataset", dict, folder)
    names = {
        "encoder": _part(encoder, "name", str, folder),
        "dataset": _part(dataset, "name", str, folder),
        "solver": _part(facts, "solver", str, folder),
    }
    layers = tuple(str(layer) for layer in _part(facts, "layers", list, folder))
    run = RunFolder(folder)
    return ProbeRun(
        folder=folder,
        **names,
        encoder_fingerprint=_part(encoder, "fingerprint", str, folder),
        spec=_part(encoder, "spec", str, folder),
        dataset_fingerprint=_part(dataset, "fingerprint", str, folder),
        photos=_part(dataset, "photos", int, folder),
        protocol=_part(facts, "protocol", str, folder),
        pooling=_part(facts, "pooling", str, folder),
        layers=layers,
        values=_part(facts, "values", dict, folder),
        scores=_read_scores(folder, names, layers),
        flags=_flags(run),
        commit=_commit(run),
    )


def _read_facts(folder: Path) -> Mapping[str, Any]:
    try:
        facts = json.loads((folder / "probe.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not JSON"
        raise UsageError(f"{folder}: expected probe.json, {AS_WRITTEN} ({reason})") from None
    if not isinstance(facts, dict):
        raise UsageError(f"{folder}/probe.json: expected one JSON object, {AS_WRITTEN}")
    return facts


def _part(facts: Mapping[str, Any], name: str, kind: type, folder: Path) -> Any:
    value = facts.get(name)
    if not isinstance(value, kind) or value in ([], {}):
        words = {str: "a text", int: "a number", list: "a list", dict: "an object"}[kind]
        raise UsageError(f"{folder}/probe.json: expected {name!r} to be {words}, {AS_WRITTEN}")
    return value


def _read_scores(folder: Path, names: Mapping[str, str], layers: tuple[str, ...]) -> tuple[FoldScore, ...]:
    path = folder / "results.csv"
    try:
        with open(path, newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise UsageError(f"{path}: expected the column {missing[0]}, {AS_WRITTEN}")
            scores = [_score(row, names, layers, f"{path}, line {reader.line_num}") for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or "it is not CSV"
        raise UsageError(f"{folder}: expected results.csv, {AS_WRITTEN} ({reason})") from None
    _refuse_incomplete(path, scores, layers)
    return tuple(scores)


def _score(
    row: Mapping[str, str], names: Mapping[str, str], layers: tuple[str, ...], place: str
) -> FoldScore:
    if row["layer"] not in layers:
        raise UsageError(f"{place}: expected a layer of {', '.join(layers)}, found {row['layer']!r}")
    for name, value in names.items():
        if row[name] != value:
            raise UsageError(f"{place}: expected {name} {value!r} as in probe.json, found {row[name]!r}")
    try:
        values = {name: float(row[name]) if row[name] else math.nan for name in MEASURES}
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
        if number < MEASURES[name].lowest or number > 1:
            raise UsageError(f"{place}: expected {name} from {MEASURES[name].lowest} to 1, found {number:g}")
    return score


def _refuse_incomplete(path: Path, scores: list[FoldScore], layers: tuple[str, ...]) -> None:
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


def _flags(run: RunFolder) -> dict[str, str]:
    try:
        return run.read_flags()
    except (OSError, ValueError):
        raise UsageError(f"{run.flags}: expected a text, {AS_WRITTEN}") from None


def _commit(run: RunFolder) -> str:
    try:
        return str(run.read_record().get("commit", ""))
    except (OSError, ValueError, AttributeError):
        return ""  # run.json only adds to what the report tells
