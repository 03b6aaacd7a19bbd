"""Tables of several data sets beside each other: the shapes of the paper's Table 2 and of its Table 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aesthkeras.reports.intervals import Difference, what_is_covered
from aesthkeras.reports.paper import paper_losses
from aesthkeras.reports.probe_report import ProbeReport, Rows, SectionReport
from aesthkeras.reports.probe_tables import AVERAGE, Cell

CellsOfSets = Sequence[Sequence["Cell | None"]]


@dataclass(frozen=True)
class SideBySide:
    """Tables in one: `heads` is (data set, its columns), `rows` is encoder -> the cells of each data set.

    `paper` has the paper's own rows, where there are any.
    """

    heads: Sequence[tuple[str, Sequence[str]]]
    rows: Mapping[str, CellsOfSets]
    paper: Mapping[str, CellsOfSets]


@dataclass(frozen=True)
class Averages:
    """Differences from the reference, averaged over layers, data sets beside each other: Table 4.

    `rows` is encoder -> a difference for each data set, None where there is none; `paper` is encoder -> the
    loss that the paper prints for each data set, empty where it has none, for the encoders that it has;
    `coverage` says what the intervals cover.
    """

    datasets: Sequence[str]
    rows: Mapping[str, Sequence[Difference | None]]
    paper: Mapping[str, Sequence[str]]
    coverage: str


def side_by_side(parts: Sequence[SectionReport]) -> SideBySide:
    """Puts the tables of some data sets beside each other; an average over one layer is left out."""
    shown = [
        [column for column in part.table.columns if column != AVERAGE or len(part.table.columns) > 2]
        for part in parts
    ]

    def beside(tables: Sequence[Rows]) -> dict[str, CellsOfSets]:
        names = dict.fromkeys(name for rows in tables for name in rows)
        return {
            name: [
                rows[name][: len(columns)] if name in rows else [None] * len(columns)
                for rows, columns in zip(tables, shown)
            ]
            for name in names
        }

    ours, paper = beside([part.table.rows for part in parts]), beside([part.paper for part in parts])
    return SideBySide([(part.section.title, columns) for part, columns in zip(parts, shown)], ours, paper)


def averages(report: ProbeReport) -> Averages | None:
    """The differences of the averages of all data sets; None where there is nothing to put side by side."""
    compared = [(part.section, part.comparison) for part in report.sections if part.comparison]
    names = list(dict.fromkeys(name for _, comparison in compared for name in comparison.rows))
    asked = report.choices.with_paper
    losses = [paper_losses(section.first.dataset) if asked else {} for section, _ in compared]
    printed = {
        name: [of_set.get(name, "") for of_set in losses]
        for name in names
        if any(name in of_set for of_set in losses)
    }
    if len(compared) < 2 and not printed:
        return None
    rows = {name: [_last(comparison.rows.get(name)) for _, comparison in compared] for name in names}
    titles = [section.title for section, _ in compared]
    columns = {title: [row[place] for row in rows.values()] for place, title in enumerate(titles)}
    return Averages(titles, rows, printed, what_is_covered(columns))


def _last(row: Sequence[Difference | None] | None) -> Difference | None:
    return row[-1] if row else None
