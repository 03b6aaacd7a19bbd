"""Pictures of a classification pretext task: views with their classes, and the confusion matrix."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

PATCHES_SHOWN = 6


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
    rows, columns = min(PATCHES_SHOWN, len(views)), views.shape[1]
    figure = Figure(figsize=(1.7 * columns, 1.95 * rows), dpi=80, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for row in range(rows):
        for column in range(columns):
            true, guess = classes[row, column], predicted[row, column]
            title = names[true] if true == guess else f"{names[true]}\nnot {names[guess]}"
            axes[row, column].imshow(views[row, column].astype(np.uint8))
            axes[row, column].set_title(title, fontsize=7, color="green" if true == guess else "red")
            axes[row, column].axis("off")
    return figure_pixels(figure)


def confusion_matrix(matrix: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """The confusion matrix with rows (true classes) in percent; uint8 `[height, width, 3]`."""
    shares = 100 * matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(11, 10), dpi=80, layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.set_yticks(range(len(names)), names)
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
    FigureCanvasAgg(figure)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return np.asarray(Image.open(buffer).convert("RGB"))
