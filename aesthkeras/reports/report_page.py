"""A probe report as one HTML page that contains its figures and loads nothing."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aesthkeras.reports.intervals import Difference
from aesthkeras.reports.measures import MEASURES, Measure
from aesthkeras.reports.probe_report import ProbeReport, SectionReport
from aesthkeras.reports.probe_tables import AVERAGE, Cell, leaders
from aesthkeras.reports.report_markdown import EMPTY_CELL, probe_command
from aesthkeras.reports.side_by_side_tables import averages, side_by_side
from aesthkeras.templates import load_template

SECTIONS_ABREAST = 3  # most data sets in one table, so that it fits on a slide
CAPTIONS = {
    "layers": "by layer; bars are one standard deviation, over what the table's caption says",
    "differences": "paired differences with the 95% intervals of the table; filled where 0 is excluded",
    "low_data": "with few labels; bands are one standard deviation over the repeats",
}


@dataclass(frozen=True)
class WideTable:
    """Table 2 of a few data sets side by side: `heads` is (data set, columns), a row is (label, cells)."""

    heads: Sequence[tuple[str, Sequence[str]]]
    rows: Sequence[tuple[str, Sequence[Mapping[str, str]]]]
    paper: Sequence[tuple[str, Sequence[Mapping[str, str]]]]


def page(report: ProbeReport) -> str:
    """The whole report as HTML."""
    parts = report.sections
    return load_template("aesthkeras.reports", "report.html").render(
        report=report,
        measure=report.choices.measure,
        cards=[_card(part, report.choices.measure) for part in parts],
        tables=[
            _wide(parts[start : start + SECTIONS_ABREAST], report.choices.measure)
            for start in range(0, len(parts), SECTIONS_ABREAST)
        ],
        apart=_apart(report),
        averages=_averages(report),
        sections=[_section(part, report) for part in parts],
        commands=[*(probe_command(run) for run in report.runs), report.command],
    )


def _card(part: SectionReport, measure: Measure) -> Mapping[str, str]:
    """The data set's best average, large; and by how much it beats the reference."""
    best = leaders(part.table, AVERAGE)
    cell = part.table.rows[best[0]][-1] if best else None
    value = measure.text(cell.mean) if cell else EMPTY_CELL
    difference = part.comparison.rows.get(best[0], (None,))[-1] if part.comparison and best else None
    against = "the reference itself" if part.comparison and part.comparison.reference in best else ""
    if part.comparison and difference:
        shown = part.comparison.measure
        low, high = shown.signed(difference.low), shown.signed(difference.high)
        against = f"{shown.signed(difference.mean)} [{low}, {high}] against {part.comparison.reference}"
        against += "" if shown is measure else f" in {shown.words}"
        against += "" if difference.excludes_zero else ": no difference shown"
        against += f", for {difference.coverage.words}"
    return {
        "title": part.section.title,
        "value": f"{value}%" if cell and measure.factor == 100 else value,
        "best": " and ".join(best),
        "against": against,
        "kind": "sure" if difference and difference.excludes_zero else "unsure",
    }


def _wide(parts: Sequence[SectionReport], measure: Measure) -> WideTable:
    table = side_by_side(parts)
    rows = [(name, _marked(cells, measure)) for name, cells in table.rows.items()]
    paper = [(name, _marked(cells, measure, nothing="")) for name, cells in table.paper.items()]
    return WideTable(table.heads, rows, paper)


def _averages(report: ProbeReport) -> Mapping[str, object] | None:
    """The shape of the paper's Table 4, where there is something to put side by side."""
    found = averages(report)
    if not found:
        return None
    measure = report.choices.measure
    theirs = [f"the paper's, {title}" for title in found.datasets] if found.paper else []
    nothing = [""] * len(theirs)
    rows = [
        (
            name,
            [_shown(one, measure) for one in row]
            + [{"text": text, "deviation": "", "kind": ""} for text in found.paper.get(name, nothing)],
        )
        for name, row in found.rows.items()
    ]
    return {"columns": [*found.datasets, *theirs], "rows": rows, "coverage": found.coverage}


def _apart(report: ProbeReport) -> WideTable | None:
    """The paper's whole table, if none of its data sets is among ours."""
    tables = list(report.paper_apart.items())
    if not tables:
        return None
    methods = list(tables[0][1].rows)
    rows = [
        (name, _marked([table.rows[name] for _, table in tables], MEASURES["accuracy"])) for name in methods
    ]
    return WideTable([(dataset, table.columns) for dataset, table in tables], [], rows)


def _marked(
    parts: Sequence[Sequence[Cell | None]], measure: Measure, nothing: str = EMPTY_CELL
) -> list[Mapping[str, str]]:
    """Cells of a row as text, deviation and CSS class; the first of each data set opens a column block."""
    return [
        {
            "text": measure.text(cell.mean) if cell else nothing,
            "deviation": f"± {measure.text(cell.deviation)}" if cell and cell.deviation is not None else "",
            "kind": " ".join(
                [*(["opens"] if place == 0 else []), ("", "best", "second")[cell.rank if cell else 0]]
            ),
        }
        for cells in parts
        for place, cell in enumerate(cells)
    ]


def _section(part: SectionReport, report: ProbeReport) -> Mapping[str, object]:
    low_data = part.low_data
    return {
        "part": part,
        "differences": _differences(part),
        "low_data": low_data
        and WideTable(
            [(f"{low_data.title}: share of the training labels", low_data.table.columns)],
            [
                (low_data.label(name), _marked([cells], report.choices.measure))
                for name, cells in low_data.table.rows.items()
            ],
            [],
        ),
        "figures": {
            kind: {
                "name": name,
                "caption": f"{part.section.title}, {words}",
                "source": f"data:image/png;base64,{base64.b64encode(content).decode()}",
            }
            for kind, words in CAPTIONS.items()
            for name, content in part.figures.items()
            if name.startswith(kind)
        },
    }


def _differences(part: SectionReport) -> list[tuple[str, list[Mapping[str, str]]]]:
    comparison = part.comparison
    if comparison is None:
        return []
    return [(name, [_shown(one, comparison.measure) for one in row]) for name, row in comparison.rows.items()]


def _shown(one: Difference | None, measure: Measure) -> Mapping[str, str]:
    return {
        "text": measure.signed(one.mean) if one else EMPTY_CELL,
        "deviation": f"{measure.signed(one.low)} to {measure.signed(one.high)}" if one else "",
        "kind": ("higher" if one.low > 0 else "lower") if one and one.excludes_zero else "",
    }
