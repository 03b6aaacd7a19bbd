"""A run extracts the features that it reads, and no others."""

from __future__ import annotations

import csv
import shutil

import numpy as np
import pytest

from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.probes import inputs
from aesthkeras.probes.inputs import PhotoFeatures

SPLITS = ["train"] * 20 + ["validation"] * 6 + ["test"] * 10
FEW = "0.25"  # that share of each class: 4 of 15 good training photos and 1 of 5 bad ones


@pytest.fixture(scope="module")
def split_set(rated, tmp_path_factory):
    """The rated photos in a fixed order of training, validation and test photos, both classes in each."""
    folder = tmp_path_factory.mktemp("split") / "tiny"
    shutil.copytree(rated.folder, folder)
    rows = [
        f"{name},{split},{'good' if number % 4 else 'bad'}"
        for number, (name, split) in enumerate(zip(rated.names, SPLITS))
    ]
    (folder / "labels.csv").write_text("path,split,label\n" + "\n".join(rows) + "\n")
    return folder


def extracted_photos(run):
    """How many photos have features in the run folder."""
    (array,) = (run / "features").glob("*/conv5.npy")
    return len(np.load(array, mmap_mode="r"))


@pytest.mark.long
@pytest.mark.parametrize(
    ("settings", "photos"),
    [
        ({"solver": "sgd"}, 10),  # trained on random crops, tested on 10
        ({"solver": "sgd", "decay": "chosen", "learning_rate": 1e-3}, 30),
        ({"solver": "lbfgs"}, 30),  # validation photos neither train nor test
        ({"solver": "lbfgs", "label_fractions": FEW}, 10 + 5),
        ({"solver": "sgd", "decay": "chosen", "learning_rate": 1e-3, "label_fractions": FEW}, 10 + 5),
    ],
)
def test_a_split_has_features_of_the_photos_that_are_read(split_set, run_probe, tmp_path, settings, photos):
    settings = {"repeats": 1, "epochs": 1, "batch_size": 8, "layers": "conv5", **settings}
    run = run_probe(split_set, tmp_path / "run", DatasetSettings(split="own"), **settings)
    assert extracted_photos(run) == photos
    with open(run / "results.csv", newline="") as lines:
        counts = {(row["train_photos"], row["test_photos"]) for row in csv.DictReader(lines)}
    assert counts == {("5" if "label_fractions" in settings else "20", "10")}


def test_with_folds_every_photo_is_tested(rated, run_probe, tmp_path):
    settings = {"solver": "sgd", "epochs": 1, "batch_size": 8, "repeats": 1, "layers": "conv5"}
    assert extracted_photos(run_probe(rated.folder, tmp_path / "run", **settings)) == len(rated.names)


@pytest.mark.long
def test_the_numbers_are_those_of_features_of_all_photos(split_set, run_probe, tmp_path, monkeypatch):
    settings = {"solver": "sgd", "epochs": 2, "batch_size": 8, "layers": "conv5", "label_fractions": "0.5,1"}
    some = run_probe(split_set, tmp_path / "some", repeats=2, **settings)
    monkeypatch.setattr(inputs, "photos_read", lambda planned, probing: np.arange(len(probing.photos.ids)))
    every = run_probe(split_set, tmp_path / "every", repeats=2, **settings)
    assert (extracted_photos(some), extracted_photos(every)) == (10, 36)
    assert (some / "results.csv").read_text() == (every / "results.csv").read_text()


def test_a_finished_run_extracts_nothing_again(split_set, run_probe, tmp_path, monkeypatch):
    settings = {"repeats": 1, "layers": "conv5"}
    run = run_probe(split_set, tmp_path / "run", **settings)
    before = {name: (run / name).read_bytes() for name in ("results.csv", "predictions.npz")}
    shutil.rmtree(run / "features")
    (run / "predictions.npz").unlink()
    monkeypatch.setattr(inputs, "extract_features", lambda *given, **named: pytest.fail("extracted again"))
    run_probe(split_set, run, **settings)
    assert {name: (run / name).read_bytes() for name in before} == before


def test_photos_without_features_are_an_error_and_not_the_features_of_others():
    features = PhotoFeatures({"conv1": np.arange(6, dtype=np.float32).reshape(3, 1, 2)}, np.array([1, 4, 6]))
    np.testing.assert_array_equal(features.of("conv1", np.array([6, 1]))[:, 0], [[4, 5], [0, 1]])
    for missing in (0, 3, 7):
        with pytest.raises(ValueError, match="^photos: expected some of the 3 that have features$"):
            features.of("conv1", np.array([1, missing]))
