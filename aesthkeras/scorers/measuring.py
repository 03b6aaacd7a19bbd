"""How good a scorer is on photos that it did not train on: metrics of one part, and of all repeats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aesthkeras.labelled.metrics import classification, correlation
from aesthkeras.labelled.outcome import PartOutcome
from aesthkeras.labelled.predictions import OutOfFold
from aesthkeras.labelled.protocols import Part
from aesthkeras.labelled.results import METRICS
from aesthkeras.networks.heads import RATING, SCORE
from aesthkeras.scorers.calibration import calibration_error
from aesthkeras.scorers.fitting import Adaptation, FittedScorer

Measured = dict[str, tuple[float, float | None]]
"""By metric, its mean over repeats and its standard deviation; None for that where there is one repeat."""


def outcome_of(fitted: FittedScorer, part: Part, adaptation: Adaptation) -> PartOutcome:
    """The metrics and predictions of a part's test photos, by their centre crops."""
    predicted = fitted.predict(adaptation.inputs, part.test)
    scores = adaptation.photos.scores
    ranking = predicted.get(RATING, predicted[SCORE])
    row: dict[str, Any] = {
        "repeat": part.repeat,
        "fold": part.fold,
        "train_photos": len(part.train),
        "validation_photos": fitted.validation_photos,
        "test_photos": len(part.test),
        "epochs": fitted.epochs,
        "temperature": fitted.temperature,
        **classification(part.labels[part.test], predicted[SCORE]),
        **(correlation(scores[part.test], ranking) if scores is not None else {}),
    }
    kept = {name: predicted[name] for name in (SCORE, RATING) if name in predicted}
    return PartOutcome(part, [row], kept)


def mean_over_repeats(rows: Sequence[Mapping[str, Any]], predictions: OutOfFold) -> Measured:
    """Mean and standard deviation over the repeats of each metric, each first averaged over its folds.

    The deviation is the sample's, as in the tables of probes, and None where there is one repeat.
    `calibration_error` is taken over all photos of a repeat: in a single fold chance alone makes it large.
    """
    repeats = sorted({row["repeat"] for row in rows})
    by_metric: dict[str, list[float]] = {}
    for repeat in repeats:
        for metric in METRICS:
            values = [row[metric] for row in rows if row["repeat"] == repeat and metric in row]
            if values:
                by_metric.setdefault(metric, []).append(float(np.mean(values)))
        labels, scores = predictions.labels[repeat], predictions.predicted[SCORE, repeat]
        is_tested = np.isfinite(scores)
        error = calibration_error(labels[is_tested], scores[is_tested].astype(np.float64))
        by_metric.setdefault("calibration_error", []).append(error)
    return {
        name: (float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else None)
        for name, values in by_metric.items()
    }


def sentence(measured: Measured) -> str:
    """The summary for people: mean and standard deviation over the repeats."""
    return ", ".join(
        f"{name.replace('_', ' ')} {mean:.3f}" + ("" if deviation is None else f" ± {deviation:.3f}")
        for name, (mean, deviation) in measured.items()
    )
