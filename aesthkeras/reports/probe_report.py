"""The content of a probe report, apart from its format: tables, differences, figures, sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aesthkeras.errors import UsageError
from aesthkeras.monitoring.progress import counted
from aesthkeras.reports import probe_figures
from aesthkeras.reports.comparisons import Comparison, choose_reference, compare
from aesthkeras.reports.intervals import Difference, enumeration, what_is_covered
from aesthkeras.reports.measures import Measure
from aesthkeras.reports.paper import PRINTED_AVERAGES_OFF, paper_rows, paper_table
from aesthkeras.reports.probe_runs import ProbeRun
from aesthkeras.reports.probe_tables import (
    AVERAGE,
    Cell,
    LowData,
    Table,
    layer_table,
    leaders,
    low_data,
    paper_cells,
)
from aesthkeras.reports.sections import Section, sections_of
from aesthkeras.reports.significance import STATISTICS
from aesthkeras.reports.training_seeds import pool_seeds

Rows = Mapping[str, tuple[Cell | None, ...]]
PAPER_COLUMNS = ("conv1", "conv2", "conv3", "conv4", "conv5", AVERAGE)


@dataclass(frozen=True)
class ReportChoices:
    """What the report is about: the measure, the layer of the low-data figures, and what to compare with.

    `layer` "" takes conv3 or the middle block (`probe_tables.low_data`); `reference` "" lets the report
    choose; `resamples` and `seed` are those of the bootstrap.
    """

    measure: Measure
    layer: str = ""
    reference: str = ""
    with_paper: bool = False
    pool_seeds: bool = False
    resamples: int = 2000
    seed: int = 0


@dataclass(frozen=True)
class SectionReport:
    """One data set: its tables and figures (`figures` is file name without suffix -> PNG).

    `paper` holds the paper's rows for this data set, empty where it has none or they were not asked for.
    """

    section: Section
    table: Table
    paper: Rows
    low_data: LowData | None
    comparison: Comparison | None
    figures: Mapping[str, bytes]
    headline: str
    caption: str


@dataclass(frozen=True)
class ProbeReport:
    """Everything a report says; `paper_apart` is the paper's whole table where no run is on its data sets."""

    title: str
    headline: str
    choices: ReportChoices
    reference: str
    sections: Sequence[SectionReport]
    paper_apart: Mapping[str, Table]
    notes: Sequence[str]
    runs: Sequence[ProbeRun]
    command: str


def make_report(runs: Sequence[ProbeRun], choices: ReportChoices, title: str, command: str) -> ProbeReport:
    """Compares the runs and draws the figures.

    Raises:
        UsageError: no run has the measure, no run the layer, no encoder is the reference, or predictions
            are damaged.
    """
    sections, notes = sections_of(pool_seeds(runs) if choices.pool_seeds else runs)
    measured = [section for section in sections if _has(section, choices.measure)]
    if not measured:
        name = choices.measure.name
        raise UsageError(f"metric={name}: expected a measure of these runs; {name} is empty in all of them")
    notes += [
        f"{section.title} has no {choices.measure.words}." for section in sections if section not in measured
    ]
    reference = choose_reference(measured, choices.reference)
    reports = [_section_report(section, reference, choices) for section in measured]
    encoders = {name for section in measured for name in section.runs}
    datasets = {section.first.dataset for section in measured}
    is_elsewhere = choices.with_paper and not any(report.paper for report in reports)
    are_adapted = all(section.first.is_adapted for section in measured)
    what = "Non-linear heads on" if are_adapted else "Linear probes of"
    return ProbeReport(
        title=title or f"{what} {counted(len(encoders), 'encoder')} on {counted(len(datasets), 'data set')}",
        headline=reports[0].headline if len(reports) == 1 else _wins(reports, reference, choices.measure),
        choices=choices,
        reference=reference,
        sections=reports,
        paper_apart=_paper_apart() if is_elsewhere and not are_adapted else {},
        notes=[*notes, *_notes(reports, choices)],
        runs=runs,
        command=command,
    )


def _section_report(section: Section, reference: str, choices: ReportChoices) -> SectionReport:
    measure = choices.measure
    table = layer_table(section, measure)
    comparison = compare(section, reference, measure, choices.resamples, choices.seed)
    few_labels = low_data(section, measure, choices.layer) if len(section.fractions) > 1 else None
    colours = probe_figures.encoder_colours(list(section.runs), reference)
    majority = 100 * comparison.majority if comparison and measure.name == "accuracy" else None
    figures = {
        f"layers_{section.slug}": probe_figures.layer_figure(table, measure, colours, majority),
    }
    if comparison:
        figures[f"differences_{section.slug}"] = probe_figures.difference_figure(comparison, colours)
    if few_labels:
        layer = re.sub(r"[^\w.-]+", "-", few_labels.title)
        figures[f"low_data_{section.slug}_{layer}"] = probe_figures.fraction_figure(
            few_labels, section.fractions, measure, colours
        )
    number = 3 if section.first.is_adapted else 2
    paper = paper_rows(section.first.dataset, number) if choices.with_paper else {}
    return SectionReport(
        section,
        table,
        {method: paper_cells(table.columns, row) for method, row in paper.items()},
        few_labels,
        comparison,
        figures,
        _headline(section.title, table, comparison, measure),
        _caption(section, table, measure, comparison),
    )


def _headline(title: str, table: Table, comparison: Comparison | None, measure: Measure) -> str:
    """The section in a sentence: the best average over layers, and whether it differs from the reference."""
    best = leaders(table, AVERAGE)
    if not best:
        return f"{title}: no encoder was probed at every layer with all labels."
    cell = table.rows[best[0]][-1]
    value = f"{measure.text(cell.mean) if cell else ''}{'%' if measure.factor == 100 else ''}"
    over = " averaged over layers" if len(table.columns) > 2 else ""
    if len(table.rows) == 1:
        return f"{title}: {best[0]} reaches {value} {measure.words}{',' if over else ''}{over}."
    verb = "has" if len(best) == 1 else "share"
    text = f"{title}: {' and '.join(best)} {verb} the best {measure.words}{over}, {value}"
    if comparison is None:
        return f"{text}."
    found = {name: last for name, row in comparison.rows.items() if (last := row[-1])}
    if best[0] in found:
        return f"{text}; {_against(found[best[0]], comparison, measure)}."
    if best[0] != comparison.reference or not found:
        return f"{text}."
    # the reference leads: how far behind is the next one?
    name = max(found, key=lambda name: found[name].mean)
    return f"{text}, and is the reference; next {name}, {_against(found[name], comparison, measure)}."


def _against(difference: Difference, comparison: Comparison, measure: Measure) -> str:
    shown = comparison.measure
    what = "" if shown is measure else f" in {shown.words}"
    verdict = "" if difference.excludes_zero else ": no difference is shown"
    interval = f"95% interval {shown.signed(difference.low)} to {shown.signed(difference.high)}"
    signed = f"{shown.signed(difference.mean)}{shown.points}"
    covered = f"for {difference.coverage.words}"
    return f"{signed}{what} against {comparison.reference} ({interval} {covered}{verdict})"


def _wins(reports: Sequence[SectionReport], reference: str, measure: Measure) -> str:
    """All sections in two sentences: which encoder leads where, with intervals above 0 or not, of what."""
    places: dict[str, list[str]] = {}
    above, leads = [], {}
    for report in reports:
        best = leaders(report.table, AVERAGE)
        for name in best if len(report.table.rows) > 1 else ():
            places.setdefault(name, []).append(report.section.title)
        rows = report.comparison.rows if report.comparison else {}
        found = [row[-1] for name in best if (row := rows.get(name))]
        leads[report.section.title] = found
        above += [report.section.title] if any(one and one.low > 0 for one in found) else []
    won = "; ".join(f"{name} on {enumeration(titles)}" for name, titles in places.items())
    if not won:
        return "One encoder on each data set: nothing to compare."
    where = f"on {enumeration(above)}" if above else "on none of them"
    what = "" if measure.name in STATISTICS else " of the difference in accuracy"
    lead = f"Best average over layers: {won}. Above {reference} {where} (95% interval{what} above 0)."
    return " ".join(filter(None, (lead, what_is_covered(leads))))


def _caption(section: Section, table: Table, measure: Measure, comparison: Comparison | None) -> str:
    """The caption of a table: its photos, what a deviation is over, the accuracy of the commoner class."""
    run = section.first
    counts = {cell.replicates for cells in table.rows.values() for cell in cells if cell} or {1}
    low, high = min(counts), max(counts)
    repeats = {score.repeat for run in section.runs.values() for score in run.scores if score.fraction == 1}
    kind = "seeds" if len(repeats) < 2 else "repeats" if high == len(repeats) else "repeats and seeds"
    trained = {seed for run in section.runs.values() for seed in run.by_seed}
    if len(trained) > 1:
        kind += f" of {len(trained)} training seeds"
    many = f"{low} {kind}" if low == high else f"{low} to {high} {kind}"
    words = f"Mean ± standard deviation over {many}" if high > 1 else "One repeat, so without a deviation"
    if run.folds > 1:
        words += f", each first averaged over its {run.folds} folds"
    text = f"{section.title}: {counted(run.photos, 'photo')}, {run.solver}. {words}."
    if comparison and measure.name == "accuracy":
        text += f" Always answering the commoner class: {100 * comparison.majority:.1f}%."
    return text


def _notes(reports: Sequence[SectionReport], choices: ReportChoices) -> list[str]:
    notes = [
        "Best of a column in bold, second best underlined; values shown alike are a tie.",
        "A deviation over repeats or seeds is the spread of single ones, which share their photos: how much "
        "splits and initial weights matter, not how sure the mean is. Whether two encoders differ is what "
        "the paired differences say.",
    ]
    rows = [row for report in reports if report.comparison for row in report.comparison.rows.values()]
    found = [one for row in rows for one in row if one]
    if found:
        notes.append(
            f"Differences are paired: both encoders, same photos. Their 95% intervals are from "
            f"{choices.resamples} bootstrap resamples of the tested photos, of twice their variance where "
            "photos that test one probe train another, and from the training seeds where there are several. "
            f"They are not corrected for how many there are ({len(found)})."
        )
    if not all(one.coverage.covers_seeds for one in found):
        notes.append(
            "An interval that does not cover new training seeds is about these trained encoders. What is "
            "said of a way to train wants three training seeds of both sides."
        )
    if choices.measure.name not in STATISTICS and found:
        notes.append(
            f"A probe keeps no predicted scores, so differences are in accuracy, not {choices.measure.name}."
        )
    for report in reports:
        names = report.section.runs
        if len({report.section.comparable_layers(run) for run in names.values()}) > 1:
            notes.append(
                f"On {report.section.title}, encoders have blocks of different names: an average is over an "
                "encoder's own blocks, and only encoders with the same blocks are compared."
            )
        notes += [
            f"{name} was not probed with all labels on {report.section.title}, so its row is empty there."
            for name, run in names.items()
            if 1.0 not in run.fractions
        ]
    if choices.with_paper:
        off = (
            f"{method} on {dataset} ({paper_table()[dataset][method][AVERAGE]:g}, mean {mean:g})"
            for (method, dataset), mean in PRINTED_AVERAGES_OFF.items()
        )
        notes.append(
            "The paper's numbers are as printed, from other code and its own training; they take no part in "
            "best and second best. Two of its printed averages differ from the mean of their layers: "
            f"{' and '.join(off)}."
        )
    return notes


def _paper_apart() -> dict[str, Table]:
    return {
        dataset: Table(PAPER_COLUMNS, {name: paper_cells(PAPER_COLUMNS, row) for name, row in rows.items()})
        for dataset, rows in paper_table().items()
    }


def _has(section: Section, measure: Measure) -> bool:
    scores = (score for run in section.runs.values() for score in run.scores)
    return any(score.values[measure.name] == score.values[measure.name] for score in scores)
