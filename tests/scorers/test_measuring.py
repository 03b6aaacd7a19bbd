"""A scorer's numbers: folds first, then repeats, the calibration error over all photos of a repeat."""

from __future__ import annotations

import numpy as np
import pytest

from aesthkeras.labelled.predictions import OutOfFold
from aesthkeras.scorers.measuring import mean_over_repeats, sentence

NAMES = np.array(["a", "b", "c"])
LABELS = np.array([0, 1, -1], np.int8)  # no part tested the third photo


def out_of_fold(*probabilities: tuple[float, float]) -> OutOfFold:
    """One repeat for each pair of probabilities of the two tested photos."""
    predicted = {("score", repeat): np.array([*pair, np.nan]) for repeat, pair in enumerate(probabilities)}
    labels, folds = (dict.fromkeys(range(len(probabilities)), one) for one in (LABELS, np.zeros(2)))
    return OutOfFold(NAMES, NAMES, labels, predicted, folds)


def row(repeat: int, fold: int, accuracy: float, **more: float) -> dict[str, float]:
    return {"repeat": repeat, "fold": fold, "accuracy": accuracy, **more}


def test_means_are_over_folds_and_then_over_repeats():
    """Repeats of 0.5 and 0.9: mean 0.7, sample deviation sqrt(2 x 0.2^2)."""
    rows = [row(0, 0, 0.4), row(0, 1, 0.6, srcc=0.3), row(1, 0, 0.9), row(1, 1, 0.9)]
    found = mean_over_repeats(rows, out_of_fold((0.0, 1.0), (0.25, 1.0)))
    assert found["accuracy"] == (pytest.approx(0.7), pytest.approx(0.08**0.5))
    assert found["srcc"] == (pytest.approx(0.3), None)  # one repeat has it
    # none in the first repeat; a quarter for one of two photos in the second
    assert found["calibration_error"] == (pytest.approx(0.125 / 2), pytest.approx(0.125 / 2**0.5))
    assert "plcc" not in found


def test_one_repeat_has_no_deviation_in_numbers_and_in_words():
    found = mean_over_repeats([row(0, 0, 0.75)], out_of_fold((0.0, 1.0)))
    assert found == {"accuracy": (0.75, None), "calibration_error": (0.0, None)}
    words = sentence({**found, "auc": (0.5, 0.0625)})
    assert words == "accuracy 0.750, calibration error 0.000, auc 0.500 ± 0.062"
