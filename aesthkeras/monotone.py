"""Asks whether a scorer minds damage: `python -m aesthkeras.monotone PATH... --model=M --out=FOLDER`.

Every photo is degraded by each class of Table 1, exactly as in pre-training, and scored beside the original.
The folder --out then says how often the degraded copy scores lower, class by class: `monotone.md`,
`monotone.csv` and `monotone.png`.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from aesthkeras import command
from aesthkeras.errors import UsageError
from aesthkeras.settings import require, setting


@dataclass(frozen=True)
class MonotoneSettings:
    """Which scorer, and where the answer goes."""

    model: str = setting("", "SavedModel of a scorer: a folder, as `adapt` exports it, or quality or beauty")
    out: str = setting("", "folder for monotone.md, monotone.csv and monotone.png")
    seed: int = setting(0, "decides noise, shuffling and the partners of mixup")

    def __post_init__(self) -> None:
        """Checks every flag; raises `UsageError` naming it."""
        require(self, "model", bool(self.model), "the folder of a scorer's SavedModel, or quality or beauty")
        require(self, "out", bool(self.out), "a folder to write to")
        require(self, "out", not os.path.isfile(self.out), "a folder, not a file")
        require(self, "seed", 0 <= self.seed < 2**31, "a number from 0 to 2147483647")


def main(arguments: list[str]) -> None:
    """Checks flags and arguments, then loads TensorFlow, degrades and scores."""
    settings = command.from_flags(MonotoneSettings)
    if not arguments:
        raise UsageError("monotone: expected photos, folders or patterns, as in `monotone PHOTOS --model=M`")

    from aesthkeras.scoring.listing import file_of, list_photos

    photos = list_photos(arguments, sys.stdin)

    from aesthkeras.networks.export import Export
    from aesthkeras.scoring.monotone import measure
    from aesthkeras.scoring.monotone_report import write_monotone_report
    from aesthkeras.scoring.network import ScoringNetwork

    network = ScoringNetwork(Export.open(settings.model))
    command.claim_out(Path(settings.out))
    by_file: dict[str, str] = {}
    for photo in sorted(photos):
        by_file.setdefault(file_of(photo.path), photo.path)
    change = measure(network, list(by_file.values()), settings.seed)
    write_monotone_report(change, network.name, settings.out)


if __name__ == "__main__":
    command.run(main, lambda: command.define_flags(MonotoneSettings), positional=True, resumes=lambda: False)
