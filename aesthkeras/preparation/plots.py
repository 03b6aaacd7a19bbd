"""The plots of the report page, each as one SVG text; drawn without a display."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

SPLIT_COLOURS = ("#2f6f9f", "#d98c3f", "#5a9a68", "#9b5fa5")  # of the splits, in their order
GRID = "#d9d9d9"
MOST_BARS = 25  # with more classes, their sizes are plotted without their names


def class_plot(splits: Mapping[str, Any]) -> str | None:
    """Photos per class and split, largest class first; None without classes."""
    classes = list(next(iter(splits.values()))["classes"])
    if not classes:
        return None
    counts = np.array([[split["classes"][name] for name in classes] for split in splits.values()])
    order = np.argsort(-counts.sum(axis=0), kind="stable")
    if len(classes) > MOST_BARS:
        figure, axes = _figure(3.0)
        for number, (name, row) in enumerate(zip(splits, counts)):
            axes.plot(np.arange(1, len(classes) + 1), row[order], color=SPLIT_COLOURS[number % 4], label=name)
        axes.set(xlabel="classes, from the largest to the smallest", ylabel="photos", xlim=(1, len(classes)))
        axes.set_ylim(bottom=0)
    else:
        # binary quality stays in its own order: low before high
        order = order if len(classes) > 2 else np.arange(len(classes))
        figure, axes = _figure(1.1 + 0.32 * len(classes))
        start = np.zeros(len(classes))
        for number, (name, row) in enumerate(zip(splits, counts)):
            places, lengths = np.arange(len(classes)), row[order]
            bars = axes.barh(places, lengths, left=start, color=SPLIT_COLOURS[number % 4], label=name)
            texts = [str(length) if length > 0.02 * counts.sum(axis=0).max() else "" for length in lengths]
            axes.bar_label(bars, texts, label_type="center", color="white", fontsize=9)
            start += lengths
        # a class may be called $$, which is no formula
        axes.set_yticks(np.arange(len(classes)), [classes[index] for index in order], parse_math=False)
        axes.set(xlabel="photos")
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
    _legend(axes, len(splits))
    return _svg(figure)


def score_plot(histogram: Mapping[str, Any] | None) -> str | None:
    """How many photos have which score, splits on top of each other; None without scores."""
    if histogram is None:
        return None
    edges = np.array(histogram["edges"])
    figure, axes = _figure(3.0)
    start = np.zeros(len(edges) - 1)
    for number, (name, counts) in enumerate(histogram["photos"].items()):
        widths = np.diff(edges) * 0.94
        axes.bar(edges[:-1], counts, widths, start, align="edge", color=SPLIT_COLOURS[number % 4], label=name)
        start += counts
    axes.set(xlabel="score", ylabel="photos", xlim=(edges[0], edges[-1]))
    axes.grid(axis="x", visible=False)
    _legend(axes, len(histogram["photos"]))
    return _svg(figure)


def size_plot(shapes: np.ndarray, edge: int) -> str:
    """Lengths of the edges on a logarithmic scale; `shapes` is int [photos, 2]."""
    figure, axes = _figure(2.6, 4.4)
    shortest, longest = int(min(shapes.min(), edge / 2)), int(max(shapes.max(), edge * 2))
    bins = np.geomspace(shortest, longest, 40).tolist()
    axes.hist(shapes.min(axis=1), bins, color=SPLIT_COLOURS[0], alpha=0.85, label="shorter edge")
    axes.hist(shapes.max(axis=1), bins, color=SPLIT_COLOURS[1], alpha=0.6, label="longer edge")
    axes.axvline(edge, color="#444", linewidth=1, linestyle="--", label=f"resize {edge}")
    axes.set_xscale("log")
    low, high = bins[0], bins[-1]
    ticks = [tick for tick in (32, 64, 128, 256, 512, 1024, 2048, 4096, 8192) if low <= tick <= high]
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.set(xlabel="pixels", ylabel="photos")
    _legend(axes, 3)
    return _svg(figure)


def aspect_plot(shapes: np.ndarray) -> str:
    """Width over height on a logarithmic scale; `shapes` is int [photos, 2]."""
    figure, axes = _figure(2.6, 4.4)
    ratio = shapes[:, 1] / shapes[:, 0]
    low, high = min(0.5, ratio.min()), max(2.0, ratio.max())
    axes.hist(ratio, np.geomspace(low, high, 40).tolist(), color=SPLIT_COLOURS[2])
    axes.set_xscale("log")
    named = {0.25: "1:4", 0.5: "1:2", 2 / 3: "2:3", 1: "1:1", 1.5: "3:2", 2: "2:1", 4: "4:1"}
    ticks = [tick for tick in named if low <= tick <= high]
    axes.set_xticks(ticks, [named[tick] for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.set(xlabel="width : height", ylabel="photos")
    return _svg(figure)


def _figure(height: float, width: float = 9.0) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    return figure, axes


def _legend(axes: Axes, entries: int) -> None:
    if entries > 1:
        # above the plot, where it hides nothing
        axes.legend(frameon=False, fontsize=9, loc="lower left", bbox_to_anchor=(0, 1), ncols=entries)


def _svg(figure: Figure) -> str:
    out = io.StringIO()
    # text stays text, and no date: the same numbers give the same file
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "aesthkeras", "font.size": 10}):
        figure.savefig(out, format="svg", metadata={"Date": None}, transparent=True)
    return out.getvalue()
