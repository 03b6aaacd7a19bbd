"""Exports the encoder of a run folder as a SavedModel: `python -m aesthkeras.export --run_dir=runs/NAME`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from aesthkeras import command
from aesthkeras.results.run_folder import RunFolder
from aesthkeras.settings import require, setting


@dataclass(frozen=True)
class ExportSettings:
    """Which run, and where to."""

    run_dir: str = setting("", "folder of a pre-training run; its newest checkpoint is exported")
    out: str = setting("", "folder of the SavedModel; empty for savedmodels/NAME, named after --run_dir")

    def __post_init__(self) -> None:
        """Checks that a run is named; raises `UsageError`."""
        require(self, "run_dir", bool(self.run_dir), "the folder of a run")


def main(_: list[str]) -> None:
    """Exports and says where to."""
    settings = command.from_flags(ExportSettings)
    run = RunFolder(settings.run_dir)

    from aesthkeras.pretext.export import export_trained

    out = Path(settings.out) if settings.out else Path("savedmodels") / run.path.resolve().name
    print(f"aesthkeras: the encoder is in {export_trained(run, out)}", file=sys.stderr)


if __name__ == "__main__":
    command.run(main, lambda: command.define_flags(ExportSettings))
