"""Folds, groups, thresholds: nothing of the test part is seen in training."""

from __future__ import annotations

import numpy as np
import pytest

from aesthkeras.datasets.find import read_dataset
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.errors import UsageError
from aesthkeras.labelled import protocols
from aesthkeras.probes.settings import ProbeRecipe


def read(folder, choices=None, protocol="auto"):
    choices = choices or DatasetSettings()
    photos, _, cross_validated = protocols.read_labelled_photos("csv", str(folder), choices, protocol)
    return photos, cross_validated


def with_column(rated, folder, name, values):
    """A copy of the set with one more column."""
    (folder / "images").symlink_to(rated.folder / "images")
    lines = (rated.folder / "labels.csv").read_text().splitlines()
    rows = [f"{line},{value}" for line, value in zip(lines, [name, *values])]
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    return folder


def test_every_photo_tests_once_a_repeat_and_groups_never_straddle(rated):
    photos, cross_validated = read(rated.folder)
    assert cross_validated
    assert photos.labels is None
    found = list(protocols.parts(photos, ProbeRecipe(folds=4, repeats=3), cross_validated))
    assert [(part.repeat, part.fold) for part in found] == [(r, f) for r in range(3) for f in range(4)]
    for repeat in range(3):
        tested = np.concatenate([part.test for part in found if part.repeat == repeat])
        assert sorted(tested) == list(range(36))
    groups = np.array(photos.groups)
    for part in found:
        assert not set(groups[part.train]) & set(groups[part.test])
        assert sorted([*part.train, *part.test]) == list(range(36))
    assert set(map(tuple, (part.test for part in found[:4]))) != set(
        map(tuple, (part.test for part in found[4:8]))
    )


def test_the_threshold_is_the_median_of_the_training_part(rated):
    photos, _ = read(rated.folder)
    for part in protocols.parts(photos, ProbeRecipe(folds=3), True):
        threshold = np.median(photos.scores[part.train])
        np.testing.assert_array_equal(part.labels, photos.scores >= threshold)
    other = photos._replace(scores=photos.scores.copy())
    first = next(protocols.parts(photos, ProbeRecipe(folds=3), True))
    other.scores[first.test] = 1e6 + np.arange(len(first.test))
    labels, threshold = protocols.labels_of_part(other, first.train)
    assert threshold == first.threshold
    np.testing.assert_array_equal(labels[first.train], first.labels[first.train])


def test_a_number_as_threshold_is_the_same_everywhere(rated):
    threshold = float(np.sort(rated.scores)[12])
    photos, _ = read(rated.folder, DatasetSettings(threshold=str(threshold)))
    for part in protocols.parts(photos, ProbeRecipe(folds=3), True):
        np.testing.assert_array_equal(part.labels, photos.scores >= threshold)


def test_folds_hang_on_the_seed(rated):
    photos, _ = read(rated.folder)
    draws = [
        protocols.draw_folds(photos, 3, seed, repeat) for seed, repeat in [(0, 0), (0, 0), (1, 0), (0, 1)]
    ]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])
    assert not np.array_equal(draws[0], draws[3])


def test_a_set_with_a_split_is_not_cross_validated(rated, tmp_path):
    splits = ["train", "train", "test", "test", "validation", "validation"] * 6
    folder = with_column(rated, tmp_path, "split", splits)
    photos, cross_validated = read(folder)
    assert not cross_validated
    (part,) = protocols.parts(photos, ProbeRecipe(), cross_validated)
    assert [splits[index] for index in part.train] == ["train"] * 12
    assert [splits[index] for index in part.test] == ["test"] * 12
    np.testing.assert_array_equal(part.labels, photos.scores >= np.median(photos.scores[part.train]))
    drawn_anew = list(protocols.parts(photos, ProbeRecipe(label_fractions="0.5,1", repeats=3), False))
    assert [part.repeat for part in drawn_anew] == [0, 1, 2]
    assert read(folder, protocol="kfold")[1]


@pytest.mark.parametrize("name", ["notes; split", "notes, split", "label\tof the jar"])
def test_a_word_inside_a_quoted_name_is_no_column(name, rated, tmp_path):
    folder = with_column(rated, tmp_path, f'"{name}"', ["train", "test"] * 18)
    photos, cross_validated = read(folder)
    assert cross_validated and set(photos.splits) == {""} and photos.labels is None
    data_set = read_dataset("csv", str(folder), DatasetSettings())
    assert not data_set.has_own_split and data_set.own_threshold == "median"


def test_labels_instead_of_scores(rated, tmp_path):
    folder = with_column(rated, tmp_path, "label", ["good", "bad"] * 18)
    photos, cross_validated = read(folder)
    assert cross_validated
    np.testing.assert_array_equal(photos.labels, [1, 0] * 18)


@pytest.mark.parametrize(
    "folds, labels, expected",
    [
        (19, None, "folds=19: expected no more folds than the set has; it has 36 photos in 18 groups"),
        (2, [1] + [0] * 35, "one class only"),
    ],
)
def test_impossible_folds_are_refused(rated, folds, labels, expected):
    photos, _ = read(rated.folder)
    if labels:
        photos = photos._replace(labels=np.array(labels))
    with pytest.raises(UsageError, match=expected):
        list(protocols.parts(photos, ProbeRecipe(folds=folds), True))


def test_one_class_in_a_split_is_refused(rated, tmp_path):
    order = np.argsort(rated.scores)
    splits = np.full(36, "train", object)
    splits[order[-4:]] = "test"  # only good ones
    names = dict(zip(rated.names, splits))
    ungrouped = DatasetSettings(group_column="none")
    photos, _ = read(with_column(rated, tmp_path, "split", [names[name] for name in rated.names]), ungrouped)
    with pytest.raises(UsageError, match="split: the test part of fold 1 has one class only, 4 photos"):
        list(protocols.parts(photos, ProbeRecipe(), False))


@pytest.mark.parametrize(
    "column, values, choices, protocol, expected",
    [
        ("label", ["a", "b", "c"] * 12, {}, "auto", "two classes; found 3"),
        ("x", range(36), {"margin": 1.0}, "auto", "margin=1.0: expected 0"),
        ("x", range(36), {"split": "half"}, "kfold", "split=half"),
    ],
)
def test_what_does_not_go_together_is_refused(rated, tmp_path, column, values, choices, protocol, expected):
    folder = with_column(rated, tmp_path, column, values)
    with pytest.raises(UsageError, match=expected):
        read(folder, DatasetSettings(**choices), protocol)
