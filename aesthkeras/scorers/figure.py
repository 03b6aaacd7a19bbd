"""One picture of a scorer: ranking, decisions, calibration and training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from sklearn.metrics import roc_curve

from aesthkeras.labelled.predictions import OutOfFold
from aesthkeras.networks.heads import RATING, SCORE
from aesthkeras.reports.figures import COLOURS, REFERENCE_COLOUR, new_figure, png
from aesthkeras.scorers.measuring import Measured

BINS = 10


def adapt_figure(
    predictions: OutOfFold,
    scores: np.ndarray | None,
    measured: Measured,
    history: Sequence[Mapping[str, Any]],
    title: str,
) -> bytes:
    """Four panels as the bytes of a PNG.

    Args:
        predictions: ranking and decisions are drawn as the first repeat predicted them.
        scores: float `[photos]`, the raters' means, or None.
        measured: mean and deviation by metric; only the means are shown.
        history: the epochs of the exported scorer.
        title: over all panels.
    """
    figure, panels = new_figure(2, 2, size=(10, 8.6))
    probabilities, labels = predictions.predicted[SCORE, 0], predictions.labels[0]
    tested = np.isfinite(probabilities)
    ratings = predictions.predicted.get((RATING, 0), probabilities)
    shown = None if scores is None else scores[tested]
    _ranking(panels[0, 0], ratings[tested], shown, labels[tested], measured)
    _decisions(panels[0, 1], probabilities[tested], labels[tested], measured)
    _reliability(panels[1, 0], predictions, measured)
    _training(panels[1, 1], history)
    figure.suptitle(title, fontsize=11, parse_math=False)  # two dollar signs in a name are no formula
    return png(figure)


def _ranking(
    axes: Axes,
    predicted: np.ndarray,
    scores: np.ndarray | None,
    labels: np.ndarray,
    measured: Measured,
) -> None:
    if scores is None:
        for label, name in ((0, "negative"), (1, "positive")):
            axes.hist(predicted[labels == label], 20, alpha=0.6, color=COLOURS[1 - label], label=name)
        axes.set(xlabel="score", ylabel="photos", title="scores by class")
        axes.legend(frameon=False)
        return
    axes.scatter(predicted, scores, s=9, alpha=0.5, color=COLOURS[0], linewidths=0)
    title = "ranking"
    if "srcc" in measured:
        title = f"ranking: SRCC {measured['srcc'][0]:.3f}, PLCC {measured['plcc'][0]:.3f}"
    axes.set(xlabel="predicted, by photos that did not train", ylabel="raters' mean", title=title)


def _decisions(axes: Axes, probabilities: np.ndarray, labels: np.ndarray, measured: Measured) -> None:
    false, true, _ = roc_curve(labels, probabilities)
    axes.plot(false, true, color=COLOURS[0], linewidth=1.8)
    axes.plot([0, 1], [0, 1], color=REFERENCE_COLOUR, linewidth=1, linestyle=":")
    title = f"decisions: accuracy {measured['accuracy'][0]:.3f}, AUC {measured['auc'][0]:.3f}"
    axes.set(xlabel="negatives called positive", ylabel="positives called positive", title=title)


def _reliability(axes: Axes, predictions: OutOfFold, measured: Measured) -> None:
    """The share of positives against the probability, over all repeats; a dot's area shows its photos."""
    probabilities = np.concatenate([predictions.predicted[SCORE, repeat] for repeat in predictions.labels])
    labels = np.concatenate(list(predictions.labels.values()))
    probabilities, labels = probabilities[np.isfinite(probabilities)], labels[np.isfinite(probabilities)]
    numbers = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    counts = np.bincount(numbers, minlength=BINS)
    used = counts > 0
    means = np.bincount(numbers, probabilities, BINS)[used] / counts[used]
    shares = np.bincount(numbers, labels, BINS)[used] / counts[used]
    axes.plot([0, 1], [0, 1], color=REFERENCE_COLOUR, linewidth=1, linestyle=":")
    axes.plot(means, shares, color=COLOURS[0], linewidth=1.2)
    axes.scatter(means, shares, s=400 * counts[used] / counts.max(), color=COLOURS[0], alpha=0.6)
    title = f"calibration: expected error {measured['calibration_error'][0]:.3f}"
    axes.set(xlabel="score", ylabel="share of positives", title=title, xlim=(0, 1), ylim=(0, 1))


def _training(axes: Axes, history: Sequence[Mapping[str, Any]]) -> None:
    epochs = [logs["epoch"] for logs in history]
    for place, (name, words) in enumerate((("loss", "training"), ("validation_loss", "validation"))):
        losses = [logs[name] for logs in history]
        axes.plot(epochs, losses, color=COLOURS[place], linewidth=1.8, label=words)
    axes.set(xlabel="epoch", ylabel="loss", title="training of the exported scorer", ylim=(0, None))
    axes.legend(frameon=False)
