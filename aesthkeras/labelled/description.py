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
AS_WRITTEN = "as `python -m aesthkeras.probe` writes it"


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
    try:
        facts = json.loads((folder / PROBE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not JSON"
        raise UsageError(f"{folder}: expected {PROBE}, {AS_WRITTEN} ({reason})") from None
    if not isinstance(facts, dict):
        raise UsageError(f"{folder}/{PROBE}: expected one JSON object, {AS_WRITTEN}")
    encoder, dataset = _part(facts, "encoder", dict, folder), _part(facts, "dataset", dict, folder)
    return ProbeDescription(
        EncoderFacts(*(_part(encoder, name, str, folder) for name in ("name", "fingerprint", "spec"))),
        DatasetFacts(
            _part(dataset, "name", str, folder),
            _part(dataset, "photos", int, folder),
            _part(dataset, "fingerprint", str, folder),
            bool(dataset.get("scored", False)),
        ),
        _part(facts, "protocol", str, folder),
        _part(facts, "solver", str, folder),
        _part(facts, "pooling", str, folder),
        [str(layer) for layer in _part(facts, "layers", list, folder)],
        _part(facts, "values", dict, folder),
    )


def _part(facts: Mapping[str, Any], name: str, kind: type, folder: Path) -> Any:
    value = facts.get(name)
    if not isinstance(value, kind) or value in ([], {}):
        words = {str: "a text", int: "a number", list: "a list", dict: "an object"}[kind]
        raise UsageError(f"{folder}/{PROBE}: expected {name!r} to be {words}, {AS_WRITTEN}")
    return value
