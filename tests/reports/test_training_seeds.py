"""Training seeds taken together: rows and paired differences against those worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aesthkeras.errors import UsageError
from aesthkeras.reports.measures import MEASURES
from aesthkeras.reports.predictions import read_predictions
from aesthkeras.reports.probe_report import ReportChoices, make_report
from aesthkeras.reports.probe_runs import read_probe_run
from aesthkeras.reports.training_seeds import pool_seeds

ACCURACIES = {  # encoder -> its accuracy in repeats 0 and 1
    "ours-seed0": (0.7, 0.8),
    "ours-seed1": (0.9, 0.6),
    "random alexnet seed 0": (0.5, 0.6),
    "random alexnet seed 1": (0.6, 0.5),
    "other": (0.4, 0.4),
}


@pytest.fixture
def runs(probe_run):
    folders = [
        probe_run(name, {("conv1", 1, repeat, 0): value for repeat, value in enumerate(values)})
        for name, values in ACCURACIES.items()
    ]
    return [read_probe_run(str(folder)) for folder in folders]


def report(runs):
    return make_report(runs, ReportChoices(MEASURES["accuracy"], pool_seeds=True), "", "")


def test_a_row_is_the_mean_over_repeats_and_seeds(runs):
    table = report(runs).sections[0].table
    assert list(table.rows) == ["ours", "random alexnet", "other"]
    ours, untrained, other = (row[0] for row in table.rows.values())
    assert (ours.mean, untrained.mean, other.mean) == (75.0, 55.0, 40.0)
    assert ours.deviation == pytest.approx(np.std([70, 80, 90, 60], ddof=1))
    assert (ours.replicates, other.replicates) == (4, 2)
    assert "over 2 to 4 repeats of 2 training seeds" in report(runs).sections[0].caption


def test_differences_are_those_of_the_seeds_side_by_side(runs):
    comparison = report(runs).sections[0].comparison
    assert comparison.reference == "random alexnet"
    # 40 photos, right as often as said in each of four tests: 75% less 55%
    assert comparison.rows["ours"][0].mean == pytest.approx(20.0)
    pooled = read_predictions(pool_seeds(runs)[0])
    single = [read_predictions(run) for run in runs[:2]]
    np.testing.assert_array_equal(
        pooled.probabilities, np.concatenate([one.probabilities for one in single], axis=1)
    )
    assert pooled.labels.shape == (4, 40)


def test_a_difference_is_that_of_two_rows_whatever_seeds_they_have(runs):
    unlike = [run for run in runs if run.encoder not in ("ours-seed1", "random alexnet seed 0")]
    unlike.append(replace(runs[1], encoder="random alexnet seed 7"))  # 90% and 60%
    (part,) = report(unlike).sections
    # seed 0 against seeds 1 and 7: 75% less (55% + 75%) / 2
    assert part.comparison.rows["ours"][0].mean == pytest.approx(10.0)
    rows = part.table.rows
    assert rows["ours"][0].mean - rows["random alexnet"][0].mean == pytest.approx(10.0)


def test_the_table_says_whose_training_seeds_its_intervals_cover(runs):
    (part,) = report(runs).sections
    assert (
        "The 95% intervals of ours cover new photos to test on and new training seeds, but not new photos to "
        "train probes on. The 95% intervals of other cover new photos to test on and new training seeds of "
        "the reference, but not new photos to train probes on or new training seeds of the encoder."
    ) in part.comparison.caption
    assert "wants three training seeds" in " ".join(report(runs).notes)
    both = [run for run in runs if run.encoder != "other"]
    assert "wants three training seeds" not in " ".join(report(both).notes)


@pytest.mark.parametrize(("seeds", "difference"), [((0, 1), 30.0), ((1,), 10.0)])
def test_an_encoder_without_seeds_stands_beside_every_seed(probe_run, seeds, difference):
    accuracies = {f"mine-seed{seed}": (0.9, 0.5)[seed] for seed in seeds} | {"fixed": 0.4}
    folders = [
        probe_run(name, {("conv1", 1, repeat, 0): value for repeat in (0, 1)})
        for name, value in accuracies.items()
    ]
    choices = ReportChoices(MEASURES["accuracy"], pool_seeds=True, reference="fixed")
    made = make_report([read_probe_run(str(folder)) for folder in folders], choices, "", "")
    assert made.sections[0].comparison.rows["mine"][0].mean == pytest.approx(difference)


def test_the_same_seed_twice_is_refused(runs):
    with pytest.raises(UsageError, match="expected each seed once per data set"):
        pool_seeds([*runs, runs[0]])


@pytest.mark.parametrize("turn", [1, -1])
def test_a_run_without_a_seed_does_not_stand_for_those_with_one(runs, turn):
    with pytest.raises(UsageError, match="expected all runs of an encoder with a seed in the name"):
        pool_seeds([*runs, replace(runs[0], encoder="ours")][::turn])


def test_seeds_of_another_network_are_not_averaged(runs):
    wider = replace(runs[1], values={"conv1": 9})
    with pytest.raises(UsageError, match="expected seeds of one network"):
        pool_seeds([runs[0], wider])


def test_seeds_of_an_encoder_in_tiles_are_taken_together_and_apart_from_those_without(runs):
    tiled = [replace(run, encoder=f"{run.encoder}, 3 x 3 tiles") for run in runs]
    plain, both = ([run.encoder for run in pool_seeds(some)] for some in (runs, [*runs, *tiled]))
    assert "ours" in plain and "random alexnet" in plain
    assert both == [*plain, *(f"{name}, 3 x 3 tiles" for name in plain)]
