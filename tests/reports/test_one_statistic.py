"""A difference is that of two cells of the table, for every measure, as scikit-learn has them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, roc_auc_score

from aesthkeras.labelled.description import (
    PROBE,
    DatasetFacts,
    EncoderFacts,
    ProbeDescription,
    write_run_description,
)
from aesthkeras.labelled.outcome import Outcomes, PartOutcome
from aesthkeras.labelled.protocols import LabelledPhotos, Part
from aesthkeras.labelled.results import PROBE_COLUMNS
from aesthkeras.reports.measures import MEASURES
from tests.report_pages import lines, reported

SCORES = {
    "accuracy": lambda labels, values: 100 * accuracy_score(labels, values >= 0.5),
    "balanced_accuracy": lambda labels, values: 100 * balanced_accuracy_score(labels, values >= 0.5),
    "auc": roc_auc_score,
}


def probed(folder, name, layers, labels, folds, predicted) -> Path:
    """A run as `probe` leaves it, from folds `[repeats, photos]` and `[layers, repeats, seeds, photos]`."""
    count = len(labels)
    folder.mkdir()
    facts = EncoderFacts(name, f"f-{name}", name), DatasetFacts("CLIVE", count, "d0", False)
    protocol, values = "folds", dict.fromkeys(layers, 4)
    write_run_description(
        folder / PROBE, ProbeDescription(*facts, protocol, "sgd", "vissl", list(layers), values)
    )
    names = [f"{number}.jpg" for number in range(count)]
    photos = LabelledPhotos(names, names, [""] * count, names, None, labels, [""] * count)
    outcomes = Outcomes(folder, PROBE_COLUMNS, {"encoder": name, "dataset": "CLIVE", "solver": "sgd"})
    planned = []
    for repeat, of_photo in enumerate(folds):
        for fold in np.unique(of_photo):
            train, test = np.flatnonzero(of_photo != fold), np.flatnonzero(of_photo == fold)
            planned.append(Part(repeat, int(fold), train, test, labels.astype(np.int8)))
            outcome = PartOutcome(planned[-1])
            for layer, of_layer in zip(layers, predicted):
                by_seed = {seed: values[test] for seed, values in enumerate(of_layer[repeat])}
                outcome.add(layer, 1.0, len(train), by_seed)
            outcomes.save(outcome)
    outcomes.write_results(planned)
    outcomes.write_predictions(planned, photos)
    return folder


def of_replicate(measure, labels, folds, predicted):
    """The mean over folds of a measure of one seed's predictions in one repeat."""
    each = (folds == fold for fold in np.unique(folds))
    return np.mean([SCORES[measure](labels[photos], predicted[photos]) for photos in each])


def shown(out):
    """The table's means by encoder and column, and the differences by column."""
    means = {(row["encoder"], row["column"]): float(row["mean"]) for row in lines(out / "tables/table2.csv")}
    found = {row["column"]: float(row["difference"]) for row in lines(out / "tables/differences.csv")}
    return means, found


def test_an_auc_is_that_of_one_fold_in_tables_and_in_differences(tmp_path):
    """All of fold 1 have higher values: within folds the photos are in order, together they are not."""
    labels, folds = np.array([0, 0, 1, 1] * 2), np.array([[0] * 4 + [1] * 4])
    ordered = np.array([0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9], np.float32)
    assert roc_auc_score(labels, ordered) == 0.75
    runs = [
        probed(tmp_path / name, name, ["conv1"], labels, folds, values[np.newaxis, np.newaxis, np.newaxis])
        for name, values in (("ours", ordered), ("random", np.full(8, 0.5, np.float32)))
    ]
    report = reported(runs, tmp_path / "out", measure=MEASURES["auc"])
    means, differences = shown(tmp_path / "out")
    assert (means["ours", "conv1"], means["random", "conv1"]) == (1, 0.5)
    assert differences["conv1"] == 0.5  # not 0.75 less 0.5
    assert "each first averaged over its 2 folds" in report.sections[0].caption


@pytest.mark.parametrize("measure", SCORES)
def test_the_difference_of_two_rows_is_the_difference(tmp_path, measure):
    """Two layers, three repeats of folds of 10, 10 and 40 photos, and two seeds of one encoder."""
    generator = np.random.default_rng(3)
    labels = np.arange(60) % 2
    folds = np.stack([generator.permutation(np.repeat([0, 1, 2], [10, 10, 40])) for _ in range(3)])
    layers, level = ["conv1", "conv2"], np.array([0.5, 0.8, 1.0])[folds][:, np.newaxis]
    runs, expected = {}, {}
    for name, strength, seeds in (("ours", 1.0, 2), ("random", 0.3, 1)):
        noise = generator.normal(size=(2, 3, seeds, 60))
        # float32 as in predictions.npz: a rounding apart would be a tie in one place only
        values = (level / (1 + np.exp(strength * (1 - 2 * labels) + noise))).astype(np.float32)
        runs[name] = probed(tmp_path / name, name, layers, labels, folds, values)
        expected[name] = [
            np.mean([of_replicate(measure, labels, one, two) for one, of in zip(folds, layer) for two in of])
            for layer in values
        ]
        expected[name].append(np.mean(expected[name]))
    reported(runs.values(), tmp_path / "out", measure=MEASURES[measure])
    means, differences = shown(tmp_path / "out")
    for place, column in enumerate((*layers, "average")):
        for name in runs:
            assert means[name, column] == pytest.approx(expected[name][place], abs=1e-5)
        difference = expected["ours"][place] - expected["random"][place]
        assert differences[column] == pytest.approx(difference, abs=1e-5)
