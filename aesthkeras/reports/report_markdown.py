"""A probe report as Markdown."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from aesthkeras.reports.comparisons import Comparison
from aesthkeras.reports.intervals import Difference
from aesthkeras.reports.measures import MEASURES, Measure
from aesthkeras.reports.probe_report import ProbeReport, SectionReport
from aesthkeras.reports.probe_runs import ProbeRun
from aesthkeras.reports.probe_tables import Cell
from aesthkeras.reports.side_by_side_tables import Averages, CellsOfSets, averages, side_by_side

EMPTY_CELL = "–"
PAPER = "paper: "
STARRED = r"\* where 0 is outside."


def markdown(report: ProbeReport) -> str:
    """The whole report; figures are links into `figures/`."""
    measure = report.choices.measure
    parts = [f"# {_plain(report.title)}", "\n".join(f"- {_plain(part.headline)}" for part in report.sections)]
    parts.append(f"## {measure.heading} by layer")
    for part in report.sections:
        parts += [f"### {_plain(part.section.title)}", _plain(part.caption), _cells(part, measure)]
    if len(report.sections) > 1:
        parts += ["### All data sets", _all_sets(report.sections, measure)]
    for dataset, table in report.paper_apart.items():
        rows = {f"{PAPER}{name}": _texts(cells, MEASURES["accuracy"]) for name, cells in table.rows.items()}
        parts += [f"### The paper's Table 2: {dataset}", _table(table.columns, rows)]
    losses = averages(report)
    if losses:
        parts.append(f"## Averages over layers, less {_plain(report.reference)}")
        parts += [f"{_plain(losses.coverage)} {STARRED}", _averages(losses, measure)]
    for part in report.sections:
        parts += _details(part, report)
    parts += ["## What was measured", _measured(report.runs), "Commands:", _commands(report)]
    parts += ["## Notes", "\n".join(f"- {_plain(note)}" for note in report.notes)]
    return "\n\n".join(parts) + "\n"


def probe_command(run: ProbeRun) -> str:
    """The command that made a run, from its flags.cfg, or a comment that there is none."""
    if not run.flags:
        return f"# {run.folder}: no flags.cfg"
    flags = (shlex.quote(f"--{name}={value}") for name, value in run.flags.items())
    return " ".join([f"python -m aesthkeras.{'adapt' if run.is_adapted else 'probe'}", *flags])


def difference_text(difference: Difference | None, measure: Measure) -> str:
    """`+2.1 [+0.3, +3.9] *`, the star where the interval excludes 0."""
    if difference is None:
        return EMPTY_CELL
    low, high = measure.signed(difference.low), measure.signed(difference.high)
    star = " *" if difference.excludes_zero else ""
    return f"{measure.signed(difference.mean)} [{low}, {high}]{star}"


def _details(part: SectionReport, report: ProbeReport) -> list[str]:
    title = _plain(part.section.title)
    parts = []
    if part.comparison:
        shown = part.comparison.measure.title
        parts += [
            f"## {title}: {shown}, less {_plain(part.comparison.reference)}",
            f"{_plain(part.comparison.caption)} {STARRED}",
            _differences(part.comparison),
        ]
    if part.low_data:
        table = part.low_data.table
        rows = {
            part.low_data.label(name): _texts(cells, report.choices.measure)
            for name, cells in table.rows.items()
        }
        parts += [f"## {title}: {_plain(part.low_data.title)} with few labels", part.low_data.caption]
        parts.append(_table(table.columns, rows))
    parts += [f"![{name}](figures/{name}.png)" for name in part.figures]
    return parts


def _cells(part: SectionReport, measure: Measure) -> str:
    rows = {name: _texts(cells, measure) for name, cells in part.table.rows.items()}
    rows.update({f"{PAPER}{name}": _texts(cells, measure) for name, cells in part.paper.items()})
    return _table(part.table.columns, rows)


def _all_sets(parts: Sequence[SectionReport], measure: Measure) -> str:
    """The shape of the paper's Table 2: an encoder's blocks on all data sets in one row."""
    table = side_by_side(parts)

    def texts(rows: Mapping[str, CellsOfSets], before: str = "") -> dict[str, list[str]]:
        return {
            f"{before}{name}": [text for cells in row for text in _texts(cells, measure)]
            for name, row in rows.items()
        }

    columns = [f"{_plain(title)} {column}" for title, names in table.heads for column in names]
    return _table(columns, {**texts(table.rows), **texts(table.paper, PAPER)})


def _averages(found: Averages, measure: Measure) -> str:
    """The shape of the paper's Table 4: what each encoder gains or loses on all data sets."""
    theirs = [f"{PAPER}{title}" for title in found.datasets] if found.paper else []
    nothing = [""] * len(theirs)
    rows = {
        name: [difference_text(one, measure).replace("*", "\\*") for one in row]
        + [f"loses {text}" if text else EMPTY_CELL for text in found.paper.get(name, nothing)]
        for name, row in found.rows.items()
    }
    return _table([*found.datasets, *theirs], rows)


def _texts(cells: Sequence[Cell | None], measure: Measure) -> list[str]:
    return [_text(cell, measure) if cell else EMPTY_CELL for cell in cells]


def _text(cell: Cell, measure: Measure) -> str:
    text = measure.text(cell.mean)
    if cell.deviation is not None:
        text += f" ± {measure.text(cell.deviation)}"
    # <ins>, because Markdown has no underline and GitHub drops <u>
    return {1: f"**{text}**", 2: f"<ins>{text}</ins>"}.get(cell.rank, text)


def _differences(comparison: Comparison) -> str:
    rows = {
        name: [difference_text(one, comparison.measure).replace("*", "\\*") for one in row]
        for name, row in comparison.rows.items()
    }
    return _table(comparison.columns, rows)


def _measured(runs: Sequence[ProbeRun]) -> str:
    columns = ["encoder", "made from", "kernels moved", "pretext loss"]
    columns += ["data set", "photos", "solver", "pooling", "protocol", "commit"]
    proofs = [(one.moved_words, one.loss_words) if (one := run.learned) else ("", "") for run in runs]
    lines = [
        (run.encoder, run.spec, *proof, run.dataset, f"{run.photos:,}", run.solver, run.pooling, run.protocol)
        for run, proof in zip(runs, proofs)
    ]
    return _lines(
        columns, [[_plain(text) for text in (*line, run.commit[:12])] for line, run in zip(lines, runs)]
    )


def _commands(report: ProbeReport) -> str:
    return "\n".join(["```", *(probe_command(run) for run in report.runs), report.command, "```"])


def _table(columns: Sequence[str], rows: Mapping[str, Sequence[str]]) -> str:
    lines = [(_plain(name), *texts) for name, texts in rows.items()]
    return _lines(("encoder", *columns), lines, "---:")


def _lines(columns: Sequence[str], rows: Sequence[Sequence[str]], align: str = "---") -> str:
    rule = ["---", *(align for _ in columns[1:])]
    return "\n".join(f"| {' | '.join(texts)} |" for texts in (columns, rule, *rows))


def _plain(text: str) -> str:
    """Text that Markdown shows as it is, within a line or a cell."""
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").split())
