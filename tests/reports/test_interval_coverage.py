"""Of encoders that do not differ, 93 to 97% of the intervals hold 0: probes trained in folds, simulated."""

from __future__ import annotations

import numpy as np
import pytest

from aesthkeras.reports.significance import paired_differences
from tests.reports.equal_encoders import Situation, trial

SMALL = Situation(100, 700)


@pytest.mark.long
def test_equal_encoders_are_told_apart_once_in_twenty_and_by_resampling_alone_more_often():
    generator = np.random.default_rng(0)
    trials = [trial(SMALL, generator) for _ in range(250)]
    measures = ("accuracy", "auc")
    found = [
        paired_differences(*sides, measure, resamples=100)[0] for sides in trials for measure in measures
    ]
    new = np.mean([one.excludes_zero for one in found])
    # without the correction the variance is half as large
    old = np.mean([abs(one.mean) > (one.high - one.mean) / np.sqrt(2) for one in found])
    assert 0.03 <= new <= 0.07
    assert old > 0.12


@pytest.mark.long
def test_intervals_of_three_training_seeds_hold_for_other_seeds():
    """Seeds that make signals of different strength: with their scatter few intervals miss 0."""
    generator = np.random.default_rng(1)
    found = [paired_differences(*trial(SMALL, generator, 3, 1.0), resamples=100)[0] for _ in range(80)]
    assert np.mean([one.excludes_zero for one in found]) <= 0.07
    assert all(one.coverage.covers_seeds for one in found)
