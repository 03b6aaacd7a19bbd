"""The figures of a probe report, each as the bytes of a PNG; drawn without a display."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aesthkeras.results.comparisons import Comparison
from aesthkeras.results.figures import COLOURS, GRID, REFERENCE_COLOUR, new_figure, png
from aesthkeras.results.measures import Measure
from aesthkeras.results.probe_tables import AVERAGE, Table

COMMONER = "always the commoner class"


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
    for name, offset in zip(table.rows, _side_by_side(len(table.rows))):
        cells = [(place, cell) for place, cell in enumerate(table.rows[name][: len(layers)]) if cell]
        axes.errorbar(
            [place + offset for place, _ in cells],
            [cell.mean for _, cell in cells],
            [cell.deviation or 0 for _, cell in cells],
            color=colours[name],
            label=name,
            marker="o",
            markersize=5,
            linewidth=1.8,
            elinewidth=1.2,
            capsize=2.5,
        )
    if majority is not None:
        axes.axhline(majority, color="#444", linewidth=1, linestyle=":")
        across = axes.get_yaxis_transform()  # x in shares of the width, y in the measure
        axes.text(1, majority, COMMONER, transform=across, ha="right", va="bottom", fontsize=8, color="#444")
    axes.set_xticks(range(len(layers)), layers)
    axes.set(ylabel=measure.title)
    return _png(figure, axes)


def fraction_figure(
    table: Table, fractions: tuple[float, ...], measure: Measure, colours: Mapping[str, str]
) -> bytes:
    """The measure against the share of labels, a line per encoder with a band of one standard deviation."""
    figure, axes = _figure()
    for name, cells in table.rows.items():
        there = [(100 * fraction, cell) for fraction, cell in zip(fractions, cells) if cell]
        shares = np.array([share for share, _ in there])
        means = np.array([cell.mean for _, cell in there])
        deviations = np.array([cell.deviation or 0 for _, cell in there])
        axes.plot(shares, means, color=colours[name], label=name, marker="o", markersize=4.5, linewidth=1.8)
        axes.fill_between(
            shares, means - deviations, means + deviations, color=colours[name], alpha=0.16, linewidth=0
        )
    axes.set_xscale("log")
    axes.set_xticks([100 * fraction for fraction in fractions], _apart(fractions))
    axes.set_xticks([], minor=True)
    axes.set(xlabel="share of the training labels", ylabel=measure.title)
    return _png(figure, axes)


def difference_figure(comparison: Comparison, colours: Mapping[str, str]) -> bytes:
    """Differences with their intervals per layer and of the average; filled where 0 is excluded."""
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
    axes.axvline(len(comparison.columns) - 1.5, color=GRID, linewidth=1)
    axes.set_xticks(range(len(comparison.columns)), comparison.columns)
    unit = " (points)" if comparison.measure.factor == 100 else ""
    axes.set(ylabel=f"difference in {comparison.measure.words}{unit}")
    return _png(figure, axes)


def _figure() -> tuple[Figure, Axes]:
    figure, panels = new_figure(1, 1, size=(6.4, 4.0))
    return figure, panels[0, 0]


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
    entries = len(axes.get_legend_handles_labels()[1])
    # above the plot, where it hides nothing
    legend = axes.legend(
        frameon=False,
        fontsize=9,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=min(entries, 3),
        borderaxespad=0.2,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)  # two dollar signs in an encoder's name are no formula
    return png(figure)
