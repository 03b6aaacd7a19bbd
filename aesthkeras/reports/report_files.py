"""A probe report as files: report.md, tables/*.csv, figures/*.png and report.html."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from aesthkeras.errors import UsageError
from aesthkeras.files import replace_file
from aesthkeras.reports.intervals import Difference
from aesthkeras.reports.probe_report import ProbeReport, SectionReport
from aesthkeras.reports.probe_tables import DECIMALS_KEPT, Cell, Table
from aesthkeras.reports.report_markdown import markdown
from aesthkeras.reports.report_page import page
from aesthkeras.reports.side_by_side_tables import averages, side_by_side

CELL_COLUMNS = ("dataset", "encoder", "column", "mean", "deviation", "replicates", "rank", "source")


def write_report(report: ProbeReport, out: str) -> None:
    """Writes the report into the folder `out`, the page last; no file is ever half written.

    Raises:
        UsageError: the folder cannot be written to.
    """
    files = {f"tables/{name}.csv": text.encode() for name, text in csv_tables(report).items()}
    for part in report.sections:
        files.update({f"figures/{name}.png": content for name, content in part.figures.items()})
    files["report.md"] = markdown(report).encode()
    files["report.html"] = page(report).encode()
    try:
        for folder in ("tables", "figures"):
            (Path(out) / folder).mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            replace_file(Path(out) / name, content)
    except OSError as error:
        raise UsageError(f"out={out}: expected a folder to write to ({error.strerror})") from None


def csv_tables(report: ProbeReport) -> dict[str, str]:
    """File name without suffix -> CSV: a line per cell, in the shown unit, with more digits than shown."""
    apart = ((name, table, "paper") for name, table in report.paper_apart.items())
    ours = ((part.section.title, part.table, "ours") for part in report.sections)
    theirs = (
        (part.section.title, Table(part.table.columns, part.paper), "paper") for part in report.sections
    )
    tables = {"table2": _csv(CELL_COLUMNS, _cell_lines([*ours, *theirs, *apart]))}
    tables["side_by_side"] = _side_by_side(report.sections)
    low_data = [
        [few.layers[str(encoder)], dataset, encoder, *rest]
        for part in report.sections
        if (few := part.low_data)
        for dataset, encoder, *rest in _cell_lines([(part.section.title, few.table, "ours")])
    ]
    if low_data:
        tables["low_data"] = _csv(("layer", *CELL_COLUMNS), low_data)
    differences = [line for part in report.sections for line in _difference_lines(part)]
    if differences:
        columns = ("dataset", "encoder", "reference", "measure", "column", "difference", "low", "high")
        tables["differences"] = _csv((*columns, "excludes_zero", "covers"), differences)
    losses = averages(report)
    if losses:
        empty = [""] * len(losses.datasets)
        lines = [
            [dataset, name, *([*_ends(found), found.coverage.words] if found else [""] * 4), printed]
            for name, row in losses.rows.items()
            for dataset, found, printed in zip(losses.datasets, row, losses.paper.get(name, empty))
        ]
        shown = ("dataset", "encoder", "difference", "low", "high", "covers", "paper_loses")
        tables["averages"] = _csv(shown, lines)
    return tables


def _side_by_side(parts: Sequence[SectionReport]) -> str:
    """Table 2 as the paper has it: a line per encoder, a column per block of each data set."""
    table = side_by_side(parts)
    columns = [f"{title} {column}" for title, names in table.heads for column in names]
    lines = [
        [name, *(f"{cell.mean:.{DECIMALS_KEPT}f}" if cell else "" for cells in row for cell in cells), source]
        for rows, source in ((table.rows, "ours"), (table.paper, "paper"))
        for name, row in rows.items()
    ]
    return _csv(("encoder", *columns, "source"), lines)


def _cell_lines(tables: Sequence[tuple[str, Table, str]]) -> list[list[object]]:
    return [
        [dataset, name, column, *_numbers(cell), source]
        for dataset, table, source in tables
        for name, cells in table.rows.items()
        for column, cell in zip(table.columns, cells)
        if cell
    ]


def _numbers(cell: Cell) -> list[object]:
    deviation = "" if cell.deviation is None else f"{cell.deviation:.{DECIMALS_KEPT}f}"
    return [f"{cell.mean:.{DECIMALS_KEPT}f}", deviation, cell.replicates or "", cell.rank or ""]


def _difference_lines(part: SectionReport) -> list[list[object]]:
    comparison = part.comparison
    if comparison is None:
        return []
    return [
        [
            part.section.title,
            name,
            comparison.reference,
            comparison.measure.name,
            column,
            *_ends(found),
            found.excludes_zero,
            found.coverage.words,
        ]
        for name, row in comparison.rows.items()
        for column, found in zip(comparison.columns, row)
        if found
    ]


def _ends(found: Difference) -> list[str]:
    return [f"{number:.{DECIMALS_KEPT}f}" for number in (found.mean, found.low, found.high)]


def _csv(columns: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(lines)
    return out.getvalue()
