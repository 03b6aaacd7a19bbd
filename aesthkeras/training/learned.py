"""Whether a pre-training learned anything: what run.json says of it, and how reports read it there.

A share of right answers proves nothing: of counting's pairs an untrained network tells four in five apart. So
a loss stands beside that of the untrained network on the same data, and beside it how far the weights moved.
This file imports no TensorFlow.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

RECORDED_AS = "learned"
"""The entry of run.json."""


class Learned(NamedTuple):
    """What came of a training.

    Attributes:
        moved: by block, and `head`: |W - W0| / |W0| over its kernels, W0 being those it began with.
        untrained: by loss term: its mean with the weights that the training began with; empty where none was
            computed.
        trained: the same with those that it ended with, on the same data.
    """

    moved: Mapping[str, float]
    untrained: Mapping[str, float] = {}
    trained: Mapping[str, float] = {}

    def facts(self) -> dict[str, dict[str, float]]:
        """As run.json has it, in four digits."""
        return {
            name: {key: float(f"{value:.4g}") for key, value in numbers.items()}
            for name, numbers in self._asdict().items()
        }

    @property
    def moved_words(self) -> str:
        """`1.5 to 31%`: the block that moved least, and the one that moved most."""
        shares = [100 * share for block, share in self.moved.items() if block != "head"]
        if not shares:
            return ""
        low, high = f"{min(shares):.2g}", f"{max(shares):.2g}"
        return f"{low}%" if low == high else f"{low} to {high}%"

    @property
    def loss_words(self) -> str:
        """`classification 2.12 (untrained 2.30)`, for each term."""
        return ", ".join(
            f"{name} {value:.3g} (untrained {self.untrained[name]:.3g})"
            for name, value in self.trained.items()
            if name in self.untrained
        )


def read_learned(encoder: str) -> Learned | None:
    """What the training of an encoder came to; None where nobody says.

    Args:
        encoder: as `--encoder` takes it: a run folder, or a SavedModel, which holds the record of its run.
    """
    place = Path(encoder.partition("?")[0])
    versions = [path for path in place.glob("*") if path.name.isdecimal()]
    newest = max(versions, key=lambda path: int(path.name), default=place)
    for file in (place / "run.json", newest / "assets" / "run.json"):
        try:
            found = json.loads(file.read_text(encoding="utf-8"))[RECORDED_AS]
            parts = [found[name] for name in Learned._fields]
            return Learned(*({key: float(part[key]) for key in part} for part in parts))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def learned_record(learned: Learned) -> dict[str, Any]:
    """What `RunFolder.update_record` is given."""
    return {RECORDED_AS: learned.facts()}
