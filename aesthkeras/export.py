"""Exports the encoder of a run folder as a SavedModel: `python -m aesthkeras.export --run_dir=runs/NAME`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from aesthkeras import command
from aesthkeras.data.notes import find_notes
from aesthkeras.results.run_folder import RunFolder
from aesthkeras.settings import require, setting


@dataclass(frozen=True)
class ExportSettings:
    """Which run, and where to."""

    run_dir: str = setting("", "folder of a pre-training run; its newest checkpoint is exported")
    out: str = setting("", "folder of the SavedModel; empty for savedmodels/NAME, named after --run_dir")
    data_notes: str = setting(
        "",
        "the photos' licence for the model card, a text or a text file; empty for what the run noted",
    )

    def __post_init__(self) -> None:
        """Checks that a run is named; raises `UsageError`."""
        require(self, "run_dir", bool(self.run_dir), "the folder of a run")


def main(_: list[str]) -> None:
    """Exports and says where to."""
    settings = command.from_flags(ExportSettings)
    run = RunFolder(settings.run_dir)

    from aesthkeras.pretext.export import export_trained

    notes = find_notes("", settings.data_notes) if settings.data_notes else ""
    out = Path(settings.out) if settings.out else Path("savedmodels") / run.path.resolve().name
    print(f"aesthkeras: the encoder is in {export_trained(run, out, notes)}", file=sys.stderr)


if __name__ == "__main__":
    command.run(main, lambda: command.define_flags(ExportSettings))
