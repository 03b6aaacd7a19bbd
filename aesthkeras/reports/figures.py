"""What the figures of all runs look like; drawn without a display."""

from __future__ import annotations

import io

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Most colour-blind people can distinguish them (Okabe and Ito 2008); their yellow is too pale on white.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7b4fa3", "#8c564b", "#1d2429")
REFERENCE_COLOUR = "#8a939b"
GRID_COLOUR = "#d9d9d9"
DOTS_PER_INCH = 160


def new_figure(rows: int, columns: int, size: tuple[float, float]) -> tuple[Figure, np.ndarray]:
    """A figure of `size` inches and its axes, `[rows, columns]`, without frames."""
    figure = Figure(figsize=size, dpi=DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, squeeze=False)
    for axes in panels.flat:
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.grid(axis="y", color=GRID_COLOUR, linewidth=0.7)
        axes.set_axisbelow(True)
        axes.tick_params(length=0)
    return figure, panels


def png(figure: Figure) -> bytes:
    """The figure as a PNG without date and software, so that the same numbers give the same file."""
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
