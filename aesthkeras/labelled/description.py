"""`probe.json` and `adapt.json`: which encoder, data set and protocol the numbers of a run are of.

This file imports no TensorFlow.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aesthkeras.errors import UsageError
from aesthkeras.files import replace_file

PROBE = "probe.json"
SCORER = "adapt.json"
AS_WRITTEN = "as `probe` or `adapt` writes it"
ADAPTED = "adapted"
"""What tables call the output of a scorer, where those of probes have a layer."""


@dataclass(frozen=True)
class EncoderFacts:
    """An encoder as tables name it; `fingerprint` is SHA-256, `spec` what `--encoder` was."""

    name: str
    fingerprint: str
    spec: str


@dataclass(frozen=True)
class DatasetFacts:
    """A data set as tables name it; `photos` could be read, `scored` says whether they have scores."""

    name: str
    photos: int
    fingerprint: str
    scored: bool


@dataclass(frozen=True)
class RunDescription:
    """What every run on labelled photos says of itself; `protocol` is a phrase for people."""

    encoder: EncoderFacts
    dataset: DatasetFacts
    protocol: str


@dataclass(frozen=True)
class ProbeDescription(RunDescription):
    """What a probe run says of itself; `layers` in the model's order, `values` is layer -> pooled values."""

    solver: str
    pooling: str
    layers: list[str]
    values: dict[str, int]


def write_run_description(path: Path, description: RunDescription) -> None:
    """Writes the description of a run, which must be of the inputs that the run began with.

    Raises:
        UsageError: the run began with another encoder or other labels; their rows must not mix.
    """
    if path.exists():
        _refuse_other_inputs(path, description)
    replace_file(path, (json.dumps(asdict(description), indent=2) + "\n").encode())


def _refuse_other_inputs(path: Path, description: RunDescription) -> None:
    earlier = json.loads(path.read_text())
    for argument, part, facts in (
        ("encoder", "encoder", description.encoder),
        ("data_dir", "dataset", description.dataset),
    ):
        if earlier[part]["fingerprint"] != facts.fingerprint:
            raise UsageError(
                f"{argument}: the run in {path.parent} began with {earlier[part]['name']}; this is another, "
                "or it has changed since; give another run_dir"
            )


def read_probe_description(folder: Path) -> ProbeDescription:
    """Reads and checks the probe.json of a run folder.

    Raises:
        UsageError: the file is missing or not what a probe writes; the message names it.
    """
    path = folder / PROBE
    facts = _facts(path)
    return ProbeDescription(
        *_inputs(facts, path),
        _part(facts, "solver", str, path),
        _part(facts, "pooling", str, path),
        [str(layer) for layer in _part(facts, "layers", list, path)],
        _part(facts, "values", dict, path),
    )


def read_scorer_description(folder: Path) -> RunDescription:
    """Reads and checks the adapt.json of a run folder; raises `UsageError` as for a probe."""
    path = folder / SCORER
    return RunDescription(*_inputs(_facts(path), path))


def _facts(path: Path) -> Mapping[str, Any]:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not JSON"
        raise UsageError(f"{path.parent}: expected {path.name}, {AS_WRITTEN} ({reason})") from None
    if not isinstance(facts, dict):
        raise UsageError(f"{path}: expected one JSON object, {AS_WRITTEN}")
    return facts


def _inputs(facts: Mapping[str, Any], path: Path) -> tuple[EncoderFacts, DatasetFacts, str]:
    encoder, dataset = _part(facts, "encoder", dict, path), _part(facts, "dataset", dict, path)
    return (
        EncoderFacts(*(_part(encoder, name, str, path) for name in ("name", "fingerprint", "spec"))),
        DatasetFacts(
            _part(dataset, "name", str, path),
            _part(dataset, "photos", int, path),
            _part(dataset, "fingerprint", str, path),
            bool(dataset.get("scored", False)),
        ),
        _part(facts, "protocol", str, path),
    )


def _part(facts: Mapping[str, Any], name: str, kind: type, path: Path) -> Any:
    value = facts.get(name)
    if not isinstance(value, kind) or value in ([], {}):
        words = {str: "a text", int: "a number", list: "a list", dict: "an object"}[kind]
        raise UsageError(f"{path}: expected {name!r} to be {words}, {AS_WRITTEN}")
    return value
