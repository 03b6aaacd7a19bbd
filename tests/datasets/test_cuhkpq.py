from __future__ import annotations

from collections import Counter

import pytest

from aesthkeras.datasets.find import read_dataset
from aesthkeras.datasets.settings import DatasetSettings

SUBJECTS = ("animal", "architecture", "human", "landscape", "night", "plant", "static")
SIZES = {"HighQuality": 3, "LowQuality": 8}  # of each subject; 77 photos, in the ratio of the real set


@pytest.fixture
def root(tmp_path, plant):
    for quality, size in SIZES.items():
        for subject in SUBJECTS:
            for number in range(size):
                plant(tmp_path / "PhotoQualityDataset" / quality / subject / f"{number} ({subject}).jpg")
    return tmp_path / "PhotoQualityDataset"


def read(folder, **settings):
    return read_dataset("cuhkpq", str(folder), DatasetSettings(**settings))


def splits(data_set):
    return {record.id: record.split for record in data_set.records}


def test_quality_is_the_label_and_the_subject_is_in_the_id(root):
    data_set = read(root)
    assert Counter(record.label for record in data_set.records) == {1: 21, 0: 56}
    first = data_set.records[0]
    assert (first.id, first.label) == ("animal/high/0 (animal).jpg", 1)
    assert first.path == str(root / "HighQuality" / "animal" / "0 (animal).jpg")
    assert data_set.classes == ("low", "high") and data_set.score_range is None and data_set.left_out == []
    assert data_set.has_own_split and data_set.own_threshold == ""


def test_half_is_equal_in_all_and_in_every_subject_and_quality(root):
    found = splits(read(root))
    assert sorted(Counter(found.values()).items()) == [("test", 38), ("train", 39)]
    for subject in SUBJECTS:
        for word, size in (("high", 3), ("low", 8)):
            kind = [split for id_, split in found.items() if id_.startswith(f"{subject}/{word}/")]
            assert len(kind) == size and abs(kind.count("train") - kind.count("test")) == size % 2


def test_seeds_draw_different_halves_and_one_seed_the_same(root):
    assert splits(read(root, split_seed=1)) == splits(read(root, split_seed=1)) != splits(read(root))


def test_five_folds_test_every_photo_once(root):
    tested = Counter()
    for number in range(1, 6):
        found = splits(read(root, split=f"fold{number}"))
        part = [id_ for id_, split in found.items() if split == "test"]
        assert len(part) in (15, 16)
        tested.update(part)
    assert len(tested) == 77 and set(tested.values()) == {1}


def test_subject_outside_gives_the_same_ids_and_splits(root, tmp_path):
    before = splits(read(root))
    for subject in SUBJECTS:
        for quality, other in (("HighQuality", "high"), ("LowQuality", "low quality")):
            target = tmp_path / "turned" / subject.capitalize() / other
            target.parent.mkdir(parents=True, exist_ok=True)
            (root / quality / subject).rename(target)
    assert splits(read(tmp_path / "turned")) == before


def test_parent_folder_will_do(root):
    assert read(root.parent) == read(root)


def test_other_photos_are_left_out_with_a_reason(root, plant):
    plant(root / "HighQuality" / "thumbnail.jpg")
    plant(root / "HighQuality" / "food" / "1.jpg")
    assert {(id_, reason) for id_, _, reason in read(root).left_out} == {
        ("HighQuality/thumbnail.jpg", "not in a folder of a subject and a quality"),
        ("HighQuality/food/1.jpg", "not in a folder of a subject and a quality"),
    }


def test_a_missing_subject_is_named(root, refusal):
    (root / "LowQuality" / "night").rename(root / "LowQuality" / "nacht")
    assert "no photo of night/low; expected PhotoQualityDataset/ with HighQuality/" in refusal("cuhkpq", root)


def test_score_settings_do_not_apply(root, refusal):
    assert "threshold=5: expected none" in refusal("cuhkpq", root, threshold="5")
    assert "margin=1.0: expected 0" in refusal("cuhkpq", root, margin=1.0)
