"""What a run writes, part by part, is what is read again; what is damaged or of another run is not."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from aesthkeras.errors import UsageError
from aesthkeras.labelled.description import (
    PROBE,
    DatasetFacts,
    EncoderFacts,
    ProbeDescription,
    read_probe_description,
    write_run_description,
)
from aesthkeras.labelled.outcome import Outcomes, PartOutcome
from aesthkeras.labelled.predictions import read_probabilities
from aesthkeras.labelled.protocols import LabelledPhotos, Part
from aesthkeras.labelled.results import PROBE_COLUMNS, read_probe_results

LABELS = np.array([0, 1, 0, 1, 0, 1], np.int8)
NAMES = [f"{number}.jpg" for number in range(6)]
PHOTOS = LabelledPhotos(NAMES, NAMES, ["a", "a", "", "", "", ""], NAMES, None, None, [""] * 6)
BLOCK = "expanded/project"  # as blocks of keras.applications are called
DESCRIPTION = ProbeDescription(
    EncoderFacts("ours", "e0", "savedmodels/ours"),
    DatasetFacts("tiny", 6, "d0", False),
    "2-fold cross-validation x 1, seed 0",
    "sgd",
    "vissl",
    [BLOCK],
    {BLOCK: 12},
)


def part(fold: int) -> Part:
    test = np.arange(3 * fold, 3 * fold + 3)
    return Part(0, fold, np.setdiff1d(np.arange(6), test), test, LABELS)


@pytest.fixture
def folder(tmp_path):
    """A finished run of two folds, whose two seeds differ."""
    write_run_description(tmp_path / PROBE, DESCRIPTION)
    outcomes = Outcomes(tmp_path, PROBE_COLUMNS, {"encoder": "ours", "dataset": "tiny", "solver": "sgd"})
    for fold in (0, 1):
        outcome = PartOutcome(part(fold))
        by_seed = {0: np.array([0.1, 0.9, 0.2]), 1: np.array([0.3, 0.3, 0.6])}
        outcome.add(BLOCK, 0.05, 3, by_seed)
        outcomes.save(outcome)
    assert outcomes.write_results([part(0), part(1)]) == 4
    outcomes.write_predictions([part(0), part(1)], PHOTOS)
    return tmp_path


def test_a_description_is_read_as_it_was_written(folder):
    assert read_probe_description(folder) == DESCRIPTION


def test_rows_are_read_as_they_were_measured(folder):
    scores = read_probe_results(folder, DESCRIPTION)
    assert [(score.layer, score.fraction, score.fold, score.seed) for score in scores] == [
        (BLOCK, 0.05, fold, seed) for fold in (0, 1) for seed in (0, 1)
    ]
    # fold 0 tests the classes 0, 1, 0: seed 0 has all of them right, seed 1 the first only
    assert [score.values["accuracy"] for score in scores[:2]] == [1, pytest.approx(1 / 3)]
    assert math.isnan(scores[0].values["srcc"])


def test_predictions_are_those_of_every_seed_in_the_order_of_the_photos(folder):
    found = read_probabilities(folder, 0.05)
    assert list(found.predicted) == [(BLOCK, 0)]
    np.testing.assert_allclose(found.predicted[BLOCK, 0], [[0.1, 0.3], [0.9, 0.3], [0.2, 0.6]] * 2)
    np.testing.assert_array_equal(found.folds[0], [0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(found.labels[0], LABELS)
    assert (found.ids.tolist(), found.groups.tolist()) == (PHOTOS.ids, PHOTOS.groups)
    assert read_probabilities(folder, 1.0).predicted == {}


def test_photos_of_a_part_that_is_not_done_have_no_prediction(folder):
    outcomes = Outcomes(folder, PROBE_COLUMNS, {})
    (folder / "parts" / "0-1.npz").write_bytes(b"PK cut short")
    assert outcomes.is_done(part(0)) and not outcomes.is_done(part(1))
    values = outcomes.write_predictions([part(0), part(1)], PHOTOS).predicted[f"{BLOCK}/0.05", 0]
    np.testing.assert_array_equal(np.isnan(values), [[False] * 2] * 3 + [[True] * 2] * 3)


def test_a_part_of_an_older_version_has_the_mean_over_seeds_and_is_not_done(folder):
    outcomes = Outcomes(folder, PROBE_COLUMNS, {})
    with np.load(folder / "parts" / "0-0.npz") as stored:
        arrays = {name: values if values.ndim < 2 else values.mean(1) for name, values in stored.items()}
    np.savez(folder / "parts" / "0-0.npz", **arrays)
    assert not outcomes.is_done(part(0)) and outcomes.is_done(part(1))


def test_predictions_of_one_seed_have_no_axis_for_it(tmp_path):
    outcomes = Outcomes(tmp_path, PROBE_COLUMNS, {})
    outcome = PartOutcome(part(0))
    outcome.add(BLOCK, 1, 3, {4: np.array([0.1, 0.9, 0.2])})
    outcomes.save(outcome)
    assert outcomes.is_done(part(0))
    found = outcomes.write_predictions([part(0), part(1)], PHOTOS)
    np.testing.assert_allclose(found.predicted[f"{BLOCK}/1", 0], [0.1, 0.9, 0.2] + [np.nan] * 3)


@pytest.mark.parametrize(
    ("place", "words"), [("encoder", "^encoder: .* began with ours"), ("dataset", "^data_dir: .* tiny")]
)
def test_a_run_goes_on_with_the_inputs_that_it_began_with(folder, place, words):
    write_run_description(folder / PROBE, DESCRIPTION)
    facts = json.loads((folder / PROBE).read_text())
    facts[place]["fingerprint"] = "another"
    (folder / PROBE).write_text(json.dumps(facts))
    with pytest.raises(UsageError, match=words):
        write_run_description(folder / PROBE, DESCRIPTION)
