"""The figures of a probe report, each as the bytes of a PNG; drawn without a display."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aesthkeras.reports.comparisons import Comparison
from aesthkeras.reports.figures import COLOURS, GRID_COLOUR, REFERENCE_COLOUR, new_figure, png
from aesthkeras.reports.measures import Measure
from aesthkeras.reports.probe_tables import AVERAGE, LowData, Table

COMMONER = "always the commoner class"
WIDTH, HEIGHT = 6.4, 4.0  # inches, without the legend
LETTERS = 95  # of small type that fit side by side
AROUND = 11  # letters that would fit in place of the mark and the space around a name
LINE = 0.2  # height in inches of a line of small type
MARKERS = "os^D"  # the next one is taken whenever all colours are used up


def encoder_colours(names: list[str], reference: str) -> dict[str, str]:
    """A colour per encoder, the same in every figure; the reference is gray."""
    others = [name for name in names if name != reference]
    return {reference: REFERENCE_COLOUR} | {
        name: COLOURS[place % len(COLOURS)] for place, name in enumerate(others)
    }


def layer_figure(table: Table, measure: Measure, colours: Mapping[str, str], majority: float | None) -> bytes:
    """The measure against the layer, a line per encoder with bars of one standard deviation.

    `majority` is a level to draw as a dotted line (always answering the commoner class), or None.
    """
    figure, axes = _figure()
    layers = [column for column in table.columns if column != AVERAGE]
    for number, (name, offset) in enumerate(zip(table.rows, _side_by_side(len(table.rows)))):
        cells = [(place, cell) for place, cell in enumerate(table.rows[name][: len(layers)]) if cell]
        axes.errorbar(
            [place + offset for place, _ in cells],
            [cell.mean for _, cell in cells],
            [cell.deviation or 0 for _, cell in cells],
            color=colours[name],
            label=name,
            marker=MARKERS[number // len(COLOURS) % len(MARKERS)],
            markersize=5,
            linewidth=1.8,
            elinewidth=1.2,
            capsize=2.5,
        )
    if majority is not None:
        axes.axhline(majority, color="#444", linewidth=1, linestyle=":")
        across = axes.get_yaxis_transform()  # x in shares of the width, y in the measure
        axes.text(1, majority, COMMONER, transform=across, ha="right", va="bottom", fontsize=8, color="#444")
    _name_columns(axes, layers)
    axes.set(ylabel=measure.title)
    return _png(figure, axes)


def fraction_figure(
    low_data: LowData, fractions: tuple[float, ...], measure: Measure, colours: Mapping[str, str]
) -> bytes:
    """The measure against the share of labels, a line per encoder with a band of one standard deviation."""
    figure, axes = _figure()
    for name, cells in low_data.table.rows.items():
        there = [(100 * fraction, cell) for fraction, cell in zip(fractions, cells) if cell]
        shares = np.array([share for share, _ in there])
        means = np.array([cell.mean for _, cell in there])
        deviations = np.array([cell.deviation or 0 for _, cell in there])
        axes.plot(
            shares,
            means,
            color=colours[name],
            label=low_data.label(name),
            marker="o",
            markersize=4.5,
            linewidth=1.8,
        )
        axes.fill_between(
            shares, means - deviations, means + deviations, color=colours[name], alpha=0.16, linewidth=0
        )
    axes.set_xscale("log")
    axes.set_xticks([100 * fraction for fraction in fractions], _apart(fractions))
    axes.set_xticks([], minor=True)
    axes.set(xlabel="share of the training labels", ylabel=measure.title)
    return _png(figure, axes)


def difference_figure(comparison: Comparison, colours: Mapping[str, str]) -> bytes:
    """Differences with their intervals per layer and of the average; filled where 0 is excluded.

    With more encoders than colours the averages alone, a line for each.
    """
    if len(comparison.rows) > len(COLOURS):
        return _averages(comparison)
    figure, axes = _figure()
    for name, offset in zip(comparison.rows, _side_by_side(len(comparison.rows))):
        axes.plot([], [], "o", color=colours[name], label=name)
        for place, difference in enumerate(comparison.rows[name]):
            if difference:
                below, above = difference.mean - difference.low, difference.high - difference.mean
                axes.errorbar(
                    place + offset,
                    difference.mean,
                    [[max(below, 0)], [max(above, 0)]],
                    color=colours[name],
                    marker="o",
                    markersize=6,
                    markerfacecolor=colours[name] if difference.excludes_zero else "white",
                    elinewidth=1.6,
                )
    axes.axhline(0, color=REFERENCE_COLOUR, linewidth=1.4, label=f"{comparison.reference} (reference)")
    axes.axvline(len(comparison.columns) - 1.5, color=GRID_COLOUR, linewidth=1)
    _name_columns(axes, comparison.columns)
    axes.set(ylabel=_difference_words(comparison))
    return _png(figure, axes)


def _averages(comparison: Comparison) -> bytes:
    averages = [(name, row[-1]) for name, row in comparison.rows.items()]
    shown = [(name, average) for name, average in averages if average]
    names = [name for name, _ in shown]
    figure, axes = _figure(height=LINE * len(names) + 1)
    for place, (_, difference) in enumerate(shown):
        colour = COLOURS[0] if difference.excludes_zero else REFERENCE_COLOUR
        axes.plot([difference.low, difference.high], [place, place], color=colour, linewidth=1.6)
        inside = colour if difference.excludes_zero else "white"
        axes.plot(difference.mean, place, "o", color=colour, markerfacecolor=inside, markersize=5)
    axes.axvline(0, color=REFERENCE_COLOUR, linewidth=1.4)
    axes.set_yticks(range(len(names)), names, fontsize=9, parse_math=False)
    axes.set(ylim=(len(names) - 0.5, -0.5))  # the first on top
    words = f"{_difference_words(comparison)}, averaged over the layers"
    axes.set_xlabel(f"{words}\nless {comparison.reference}", parse_math=False)
    return png(figure)


def _difference_words(comparison: Comparison) -> str:
    unit = " (points)" if comparison.measure.factor == 100 else ""
    return f"difference in {comparison.measure.words}{unit}"


def _figure(height: float = HEIGHT) -> tuple[Figure, Axes]:
    figure, panels = new_figure(1, 1, size=(WIDTH, height))
    return figure, panels[0, 0]


def _name_columns(axes: Axes, names: Sequence[str]) -> None:
    """Writes names below the x axis, upright where they would run into each other."""
    is_crowded = len(names) * (max(map(len, names)) + 2) > LETTERS
    axes.set_xticks(range(len(names)), names, rotation=90 if is_crowded else 0)


def _side_by_side(count: int) -> np.ndarray:
    """Offsets that keep the bars of several encoders from covering each other; float64 `[count]`."""
    width = min(0.09 * (count - 1), 0.5)
    return np.linspace(-width / 2, width / 2, count)


def _apart(fractions: tuple[float, ...]) -> list[str]:
    """Tick labels in percent, empty where one would run into the one before it."""
    texts, last = [], 0.0
    for fraction in fractions:
        is_free = fraction >= 1.4 * last
        texts.append(f"{100 * fraction:g}%" if is_free else "")
        last = fraction if is_free else last
    return texts


def _png(figure: Figure, axes: Axes) -> bytes:
    marks, names = axes.get_legend_handles_labels()
    fitting = LETTERS // (max(map(len, names)) + AROUND)
    columns = min(max(fitting, 1), 3, len(names))
    # the legend is above the plot, where it hides nothing; the figure grows by its height
    figure.set_figheight(HEIGHT + LINE * math.ceil(len(names) / columns))
    legend = figure.legend(marks, names, frameon=False, fontsize=9, loc="outside upper left", ncols=columns)
    for text in legend.get_texts():
        text.set_parse_math(False)  # two dollar signs in an encoder's name are no formula
    return png(figure)
