"""Probes on shards: the same photos, labels and parts as on the folder that the shards were made from."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace

import numpy as np
import pytest

from aesthkeras.datasets.find import read_dataset
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.errors import UsageError
from aesthkeras.labelled.protocols import read_labelled, read_labelled_photos
from aesthkeras.labelled.settings import FoldSettings
from aesthkeras.photos.shard_index import find_index
from aesthkeras.preparation.preparing import prepare
from aesthkeras.preparation.settings import PreparationSettings
from aesthkeras.settings import flag_values

OWN = DatasetSettings()


def shards_of(folder, out, choices=OWN, **settings):
    data_set = read_dataset("csv", str(folder), choices)
    prepare(data_set, str(out), PreparationSettings(**settings), flag_values(choices), progress=False)
    return out


@pytest.fixture(scope="module")
def shards(rated, tmp_path_factory):
    return shards_of(rated.folder, tmp_path_factory.mktemp("shards") / "tiny", original_bytes=True)


def columns(photos):
    return photos._replace(paths=[], scores=None, labels=None, counts=None)


@pytest.mark.parametrize("protocol", ["auto", "kfold", "split"])
@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"threshold": "4"},
        {"split": "half"},
        {"split": "random", "test_share": 0.4, "validation_share": 0.2, "margin": 0.3, "threshold": "median"},
        {"split": "fold2", "split_seed": 3},
    ],
)
def test_splits_thresholds_and_margins_are_applied_as_on_the_folder(rated, shards, protocol, choices):
    chosen = replace(OWN, **choices)
    if protocol == "kfold" and chosen.split != "own":
        return
    index = find_index(str(shards))
    found, data_set, folds = read_labelled_photos("csv", str(shards), chosen, protocol, index)
    expected, its_set, its_folds = read_labelled_photos("csv", str(rated.folder), chosen, protocol)
    assert columns(found) == columns(expected) and folds == its_folds
    np.testing.assert_array_equal(found.scores, expected.scores)
    np.testing.assert_array_equal(found.labels, expected.labels)
    assert [row[0] for row in data_set.left_out] == [row[0] for row in its_set.left_out]
    assert data_set.score_range == its_set.score_range


def test_the_threshold_and_the_split_that_the_shards_were_made_with_are_their_own(rated, tmp_path):
    made = DatasetSettings(threshold="4", split="fold3")
    folder = shards_of(rated.folder, tmp_path / "shards", made)
    recipe = FoldSettings()
    found = read_labelled("csv", str(folder), OWN, recipe)
    expected = read_labelled("csv", str(rated.folder), made, recipe)
    assert not found.cross_validated and found.photos.threshold == 4
    assert columns(found.photos) == columns(expected.photos)
    np.testing.assert_array_equal(found.photos.labels, expected.photos.labels)


@pytest.mark.parametrize(
    ("dataset", "choices", "line"),
    [
        ("csv", {"score_range": "0:10"}, "score_range=0:10: expected none with shards"),
        ("csv", {"group_column": "none"}, "group_column=none: expected none with shards"),
        ("ava", {}, "dataset=ava: expected csv, of which the shards in"),
    ],
)
def test_what_cannot_apply_to_shards_is_refused(shards, dataset, choices, line):
    with pytest.raises(UsageError) as caught:
        read_labelled(dataset, str(shards), replace(OWN, **choices), FoldSettings())
    assert str(caught.value).startswith(line) and "\n" not in str(caught.value)


def test_shards_that_lack_the_photos_within_a_margin_take_no_other_split(rated, tmp_path):
    made = DatasetSettings(split="half", margin=0.3)
    folder = shards_of(rated.folder, tmp_path / "shards", made)
    assert not read_labelled("csv", str(folder), OWN, FoldSettings()).cross_validated
    for choices, protocol in ((OWN, "kfold"), (replace(OWN, split="random"), "auto")):
        with pytest.raises(UsageError, match="made with margin=0.3 and lack photos"):
            read_labelled("csv", str(folder), choices, FoldSettings(protocol=protocol))


def test_shards_of_an_older_version_are_refused(shards):
    index = find_index(str(shards))._replace(has_own_split=None)
    with pytest.raises(UsageError, match="older version"):
        read_labelled_photos("csv", str(shards), OWN, "auto", index)


def rows_of(run):
    with open(run / "results.csv", newline="") as lines:
        return [{**row, "dataset": ""} for row in csv.DictReader(lines)]


@pytest.mark.long
def test_a_probe_on_shards_of_the_original_files_has_the_very_numbers(rated, shards, run_probe, tmp_path):
    quick = {"folds": 2, "repeats": 1, "mirror": True}
    on_folder = run_probe(rated.folder, tmp_path / "folder", **quick)
    on_shards = run_probe(shards, tmp_path / "shards", **quick)
    assert rows_of(on_shards) == rows_of(on_folder) and rows_of(on_shards)
    expected, found = np.load(on_folder / "predictions.npz"), np.load(on_shards / "predictions.npz")
    assert sorted(found) == sorted(expected)
    for name in found:
        np.testing.assert_array_equal(found[name], expected[name])


@pytest.mark.long
def test_a_probe_on_resized_shards_leaves_out_what_prepare_could_not_decode(rated, run_probe, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(rated.folder, data)
    (data / rated.names[3]).write_bytes(b"no photo")
    folder = shards_of(data, tmp_path / "resized", resize=112)
    run = run_probe(folder, tmp_path / "run", folds=2, repeats=1, cache="disk")
    assert len(np.load(run / "predictions.npz")["ids"]) == len(rated.names) - 1
    assert rated.names[3] in (run / "quarantine.csv").read_text()
    assert float(rows_of(run)[0]["auc"]) > 0.4
