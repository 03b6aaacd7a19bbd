"""Tables, figures and a page of runs: `python -m aesthkeras.report RUN... --out=FOLDER`.

A run is one of `probe` or of `adapt`.
"""

from __future__ import annotations

import dataclasses
import shlex
from dataclasses import dataclass

from aesthkeras import command
from aesthkeras.errors import UsageError
from aesthkeras.monitoring.progress import say
from aesthkeras.reports.measures import MEASURES
from aesthkeras.settings import require, require_text, setting


@dataclass(frozen=True)
class ReportSettings:
    """What the report is about and where it goes."""

    out: str = setting("report", "folder for report.html, report.md, tables/ and figures/")
    title: str = setting("", "heading of the report; empty counts encoders and data sets")
    metric: str = setting("accuracy", "what the tables and figures show", list(MEASURES))
    layer: str = setting(
        "", "block whose low-data curves are drawn; empty for conv3, or where there is none the middle block"
    )
    reference: str = setting(
        "", "encoder to take differences against; empty takes a random one, else the first"
    )
    pool_seeds: bool = setting(
        False, "take encoders called NAME-seed0, NAME-seed1 together: a row is the mean over training seeds"
    )
    paper: bool = setting(
        False,
        "show the paper's own numbers, marked as such: Table 2, of scorers Table 3, of encoders called "
        "without_... Table 4",
    )
    resamples: int = setting(2000, "resamples of the bootstrap behind the intervals")
    seed: int = setting(0, "decides the resamples")

    def __post_init__(self) -> None:
        """Checks every range; raises `UsageError` naming the flag."""
        require(self, "out", bool(self.out), "a folder to write")
        for name in ("out", "title", "reference"):
            require_text(name, getattr(self, name))
        require(self, "resamples", self.resamples >= 100, "at least 100")
        require(self, "seed", self.seed >= 0, "at least 0")
        if self.paper:
            require(self, "metric", self.metric == "accuracy", "accuracy with --paper, which has no other")


def main(paths: list[str]) -> None:
    """Reads the probe runs named on the command line and writes the report."""
    settings = command.from_flags(ReportSettings)
    if not paths:
        raise UsageError("report: expected at least one probe run, as in `report RUN... --out=FOLDER`")
    for path in paths:
        require_text("", path)

    from aesthkeras.reports.probe_report import ReportChoices, make_report
    from aesthkeras.reports.probe_runs import read_probe_run
    from aesthkeras.reports.report_files import write_report

    choices = ReportChoices(
        measure=MEASURES[settings.metric],
        layer=settings.layer,
        reference=settings.reference,
        with_paper=settings.paper,
        pool_seeds=settings.pool_seeds,
        resamples=settings.resamples,
        seed=settings.seed,
    )
    report = make_report(
        [read_probe_run(path) for path in paths], choices, settings.title, _replayed(paths, settings)
    )
    write_report(report, settings.out)
    for part in report.sections:
        say(part.headline)
    say(f"{settings.out}/report.html, report.md, tables/, figures/")


def _replayed(paths: list[str], settings: ReportSettings) -> str:
    """The command that makes this report again."""
    given = [
        f"--{field.name}={getattr(settings, field.name)}"
        for field in dataclasses.fields(settings)
        if field.name == "out" or getattr(settings, field.name) != field.default
    ]
    return shlex.join(["python", "-m", "aesthkeras.report", *paths, *given])


if __name__ == "__main__":
    command.run(main, lambda: command.define_flags(ReportSettings), positional=True, resumes=lambda: False)
