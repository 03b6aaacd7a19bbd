"""Tables of a measure: encoders by layers (Table 2 of the paper) and encoders by label fractions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from aesthkeras.errors import UsageError
from aesthkeras.reports.measures import Measure
from aesthkeras.reports.probe_runs import ProbeRun
from aesthkeras.reports.sections import Section

AVERAGE = "average"
DECIMALS_KEPT = 6  # kept of a shown value, so that every format rounds the same number
USUAL_LAYER = "conv3"  # the layer of the paper's low-data figures


@dataclass(frozen=True)
class Cell:
    """A shown value, its standard deviation over `replicates` (None of one) and its place in the column.

    `rank` is 1 for the best, 2 for the second best, 0 for the rest and for what does not compete.
    """

    mean: float
    deviation: float | None
    replicates: int
    rank: int = 0


@dataclass(frozen=True)
class Table:
    """Rows of cells; `rows` is label -> a cell per column, None where nothing was measured."""

    columns: tuple[str, ...]
    rows: Mapping[str, tuple[Cell | None, ...]]


@dataclass(frozen=True)
class LowData:
    """A table of encoders by label fractions; `layers` is encoder -> the layer whose values are shown.

    `draws` is how labels were drawn, as `--label_draws` has it; empty where the runs do not say.
    """

    table: Table
    layers: Mapping[str, str]
    draws: str = ""

    @property
    def title(self) -> str:
        """The layer, or what the layers have in common."""
        return next(iter(self.layers.values())) if self._is_of_one_layer else "middle block"

    @property
    def caption(self) -> str:
        """How the labels were drawn, and what a deviation is over."""
        kept = {"stratified": "that share of each class", "balanced": "as many of each class"}
        drawn = f" Of the labels a share keeps {kept[self.draws]}." if self.draws in kept else ""
        cells = [cell for row in self.table.rows.values() for cell in row if cell]
        if max((cell.replicates for cell in cells), default=1) < 2:
            return f"One repeat, so without a deviation.{drawn}"
        return f"Mean ± standard deviation over repeats and seeds; each repeat draws the labels anew.{drawn}"

    def label(self, encoder: str) -> str:
        """The encoder's name, with its layer where encoders differ in that."""
        return encoder if self._is_of_one_layer else f"{encoder} ({self.layers[encoder]})"

    @property
    def _is_of_one_layer(self) -> bool:
        return len(set(self.layers.values())) == 1


def layer_table(section: Section, measure: Measure) -> Table:
    """Encoders by layers and their average, with all labels (Table 2 of the paper).

    The average is there for an encoder that was probed at every layer of its kind
    (`Section.comparable_layers`).
    """
    rows = {}
    for name, run in section.runs.items():
        values = {layer: _replicates(run, measure, layer, 1.0) for layer in section.layers}
        averaged = [values[layer] for layer in section.comparable_layers(run)]
        is_whole = all(len(value) for value in averaged)
        average = np.mean(averaged, axis=0) if is_whole else np.empty(0)
        rows[name] = tuple(_cell(value) for value in (*values.values(), average))
    return ranked(Table((*section.layers, AVERAGE), rows), measure)


def low_data(section: Section, measure: Measure, layer: str) -> LowData:
    """Encoders by label fractions (Figures 5 and 6 of the paper).

    Args:
        section: its runs.
        measure: what is shown.
        layer: of every encoder; empty takes conv3, or an encoder's middle block where it has no conv3.

    Raises:
        UsageError: no run of the section has the layer.
    """
    if layer and layer not in section.layers:
        layers = ", ".join(section.layers)
        raise UsageError(f"layer={layer}: expected a layer of {section.title}: {layers}")
    shown = {name: layer or _middle(run) for name, run in section.runs.items()}
    rows = {
        name: tuple(_cell(_replicates(run, measure, shown[name], fraction)) for fraction in section.fractions)
        for name, run in section.runs.items()
    }
    columns = tuple(f"{100 * fraction:g}%" for fraction in section.fractions)
    draws = {run.flags.get("label_draws", "") for run in section.runs.values() if run.fractions[0] < 1}
    return LowData(ranked(Table(columns, rows), measure), shown, draws.pop() if len(draws) == 1 else "")


def _middle(run: ProbeRun) -> str:
    return USUAL_LAYER if USUAL_LAYER in run.layers else run.layers[len(run.layers) // 2]


def ranked(table: Table, measure: Measure) -> Table:
    """The table with the best and the second best of each column marked.

    Values that are shown alike are a tie and share their place; the second best is the next value shown.
    A column with one value has no best.
    """
    rows = {name: list(cells) for name, cells in table.rows.items()}
    for column in range(len(table.columns)):
        there = {name: cell for name, cells in table.rows.items() if (cell := cells[column])}
        shown = {name: measure.text(cell.mean) for name, cell in there.items()}
        places = sorted(set(shown.values()), key=float, reverse=True)[:2] if len(shown) > 1 else []
        for name, text in shown.items():
            if text in places:
                rows[name][column] = replace(there[name], rank=places.index(text) + 1)
    return Table(table.columns, {name: tuple(cells) for name, cells in rows.items()})


def leaders(table: Table, column: str) -> list[str]:
    """The labels of the best of a column: several in a tie, the only one where there is one."""
    place = table.columns.index(column)
    there = {name: cell for name, cells in table.rows.items() if (cell := cells[place])}
    return [name for name, cell in there.items() if cell.rank == 1 or len(there) == 1]


def paper_cells(columns: Sequence[str], row: Mapping[str, float]) -> tuple[Cell | None, ...]:
    """A row of the paper's in our columns; it competes with nothing."""
    return tuple(Cell(row[column], None, 0) if column in row else None for column in columns)


def _replicates(run: ProbeRun, measure: Measure, layer: str, fraction: float) -> np.ndarray:
    """Shown values of each replicate `[R]`; empty where the run has none."""
    values = run.replicates(measure.name, layer, fraction)
    return measure.factor * values if len(values) and not np.isnan(values).any() else np.empty(0)


def _cell(values: np.ndarray) -> Cell | None:
    if not len(values):
        return None
    deviation = round(float(np.std(values, ddof=1)), DECIMALS_KEPT) if len(values) > 1 else None
    return Cell(round(float(np.mean(values)), DECIMALS_KEPT), deviation, len(values))
