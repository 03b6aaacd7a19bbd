"""Pictures of pretext tasks: views with their titles, the confusion matrix of a classifier, histograms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

PATCHES_SHOWN = 6
# in inches
_CELL = 1.7, 1.95  # a view with its title
_VIEW = 1.55  # its longer edge
_MARGIN = 0.05


def view_sheet(
    views: np.ndarray, classes: np.ndarray, predicted: np.ndarray, names: Sequence[str]
) -> np.ndarray:
    """A row of views per patch, each titled with its true class and, where it differs, the predicted one.

    Args:
        views: uint8 (or float in [0, 255]) `[B, V, H, W, 3]`.
        classes: int `[B, V]`.
        predicted: int `[B, V]`.
        names: the classes' names.

    Returns:
        uint8 `[height, width, 3]`; right predictions in green, wrong ones in red.
    """
    titles = [
        [names[true] if true == guess else f"{names[true]}\nnot {names[guess]}" for true, guess in zip(*row)]
        for row in zip(classes, predicted)
    ]
    colors = np.where(classes == predicted, "green", "red").tolist()
    return titled_sheet(views, titles, colors)


def titled_sheet(
    views: np.ndarray, titles: Sequence[Sequence[str]], colors: Sequence[Sequence[str]] | None = None
) -> np.ndarray:
    """A row of views for each of the first six patches, with a title above each view.

    Args:
        views: uint8 (or float in [0, 255]) `[B, V, H, W, 3]`.
        titles: B rows of V texts.
        colors: B rows of V colours of the titles, by matplotlib's names; None for black.

    Returns:
        uint8 `[height, width, 3]`.
    """
    rows, columns = min(PATCHES_SHOWN, len(views)), views.shape[1]
    cell_width, cell_height = _CELL
    figure = Figure(figsize=(cell_width * columns, cell_height * rows), dpi=80)
    # one pair of axes in inches, with all views on it: a pair for each takes six times as long
    axes = figure.add_axes((0, 0, 1, 1))
    height, width = _VIEW * np.array(views.shape[2:4]) / max(views.shape[2:4])
    for row, column in np.ndindex(rows, columns):
        middle, bottom = cell_width * (column + 0.5), cell_height * (row + 1) - _MARGIN
        extent = (middle - width / 2, middle + width / 2, bottom, bottom - height)
        axes.imshow(views[row, column].astype(np.uint8), extent=extent, aspect="auto")
        color, place = colors[row][column] if colors else "black", (middle, bottom - height - _MARGIN)
        # a class may be called $$, which is no formula
        axes.text(
            *place, titles[row][column], size=7, color=color, ha="center", va="bottom", parse_math=False
        )
    axes.set(xlim=(0, cell_width * columns), ylim=(cell_height * rows, 0))
    axes.axis("off")
    return figure_pixels(figure)


def histograms(values: Mapping[str, np.ndarray], label: str, mark: float) -> np.ndarray:
    """Histograms over each other, on common bins from 0.

    Args:
        values: name -> numbers >= 0, any shape.
        label: what the numbers are.
        mark: where a dashed line stands.

    Returns:
        uint8 `[height, width, 3]`.
    """
    figure = Figure(figsize=(7, 4), dpi=80, layout="constrained")
    axes = figure.subplots()
    edges = np.linspace(0, max(mark, *(np.max(numbers, initial=0) for numbers in values.values())), 40)
    for name, numbers in values.items():
        axes.hist(np.ravel(numbers), bins=edges.tolist(), alpha=0.6, label=name)
    axes.axvline(mark, color="black", linestyle="dashed")
    axes.set_xlabel(label)
    axes.set_ylabel("patches")
    axes.legend()
    return figure_pixels(figure)


def confusion_matrix(matrix: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """The confusion matrix with rows (true classes) in percent; uint8 `[height, width, 3]`."""
    shares = 100 * matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(11, 10), dpi=80, layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    axes.set_xticks(range(len(names)), names, rotation=90, parse_math=False)
    axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    for row, column in zip(*np.nonzero(shares >= 0.5)):
        share = shares[row, column]
        axes.text(
            column,
            row,
            f"{share:.0f}",
            ha="center",
            va="center",
            fontsize=7,
            color="white" if share > 60 else "black",
        )
    return figure_pixels(figure)


def figure_pixels(figure: Figure) -> np.ndarray:
    """A drawn matplotlib figure as uint8 `[height, width, 3]`."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
