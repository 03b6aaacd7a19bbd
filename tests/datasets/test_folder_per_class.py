from __future__ import annotations

from collections import Counter

import pytest

from aesthkeras.datasets.find import read_dataset
from aesthkeras.datasets.settings import DatasetSettings


def read(name, folder, **settings):
    return read_dataset(name, str(folder), DatasetSettings(**settings))


@pytest.fixture
def imagenet(tmp_path, plant):
    for class_ in ("n02123045", "n01440764"):
        for number in range(4):
            plant(tmp_path / "train" / class_ / f"{class_}_{number}.JPEG")
        plant(tmp_path / "val" / class_ / f"ILSVRC2012_val_{class_}.JPEG")
    plant(tmp_path / "test" / "ILSVRC2012_test_00000001.JPEG")
    return tmp_path


def test_imagenet_has_its_classes_in_order_and_val_is_validation(imagenet):
    data_set = read("imagenet", imagenet)
    assert data_set.classes == ("n01440764", "n02123045")
    assert Counter((record.split, record.label) for record in data_set.records) == {
        ("train", 0): 4,
        ("train", 1): 4,
        ("validation", 0): 1,
        ("validation", 1): 1,
    }
    first = data_set.records[0]
    assert first.id == "train/n01440764/n01440764_0.JPEG" and first.path == str(imagenet / first.id)
    assert data_set.score_range is None and all(record.score is None for record in data_set.records)
    assert data_set.has_own_split


@pytest.mark.parametrize("name", ["imagenet", "places"])
@pytest.mark.parametrize("train", ["train", "Train", "TRAINING"])
@pytest.mark.parametrize("validation", ["valid", "Val", "validation", "dev"])
def test_parts_go_by_their_usual_names_in_any_case(imagenet, name, train, validation):
    (imagenet / "val").rename(imagenet / validation)
    (imagenet / "train").rename(imagenet / train)
    data_set = read(name, imagenet)
    assert Counter(record.split for record in data_set.records) == {"train": 8, "validation": 2}
    assert data_set.classes == ("n01440764", "n02123045")


def test_what_is_left_alone_is_said(imagenet, plant, capsys):
    for path in ("extras/n01440764/1.jpg", "val_256/1.jpg", ".cache/1.jpg", "stray.jpg", "README"):
        plant(imagenet / path)
    assert len(read("imagenet", imagenet).records) == 10
    assert capsys.readouterr().err == (
        f"aesthkeras: data_dir={imagenet}: left alone, for no part of a set is named so: extras/, val_256/, "
        f"1 photo\naesthkeras: data_dir={imagenet}: 1 test photo in no class folder are left alone\n"
    )


def test_parts_that_lie_deeper_are_named(imagenet, tmp_path_factory, refusal):
    outer = tmp_path_factory.mktemp("outer") / "Data"
    imagenet.rename(outer)
    (outer / "test" / "ILSVRC2012_test_00000001.JPEG").unlink()
    line = refusal("imagenet", outer.parent)
    assert line.endswith(f"the parts of the set are in {outer}; expected data_dir={outer}")


def test_two_spellings_of_a_class_are_refused(imagenet, plant, refusal):
    plant(imagenet / "train" / "N02123045" / "1.jpg")
    assert "the classes 'N02123045' and 'n02123045' differ in their spelling only" in refusal(
        "imagenet", imagenet
    )


def test_places_classes_may_lie_deeper_and_need_no_split(tmp_path, plant):
    for class_ in ("a/airfield", "f/field/wild", "f/field/cultivated"):
        for number in range(10):
            plant(tmp_path / class_ / f"0000000{number}.jpg")
    data_set = read("places", tmp_path)
    assert data_set.classes == ("a/airfield", "f/field/cultivated", "f/field/wild")
    assert {record.split for record in data_set.records} == {""}
    assert not data_set.has_own_split
    assert data_set.records[-1].id == "f/field/wild/00000009.jpg" and data_set.records[-1].label == 2
    half = read("places", tmp_path, split="half")
    assert Counter((record.split, record.label) for record in half.records) == {
        (split, label): 5 for split in ("train", "test") for label in range(3)
    }


def test_photos_outside_class_folders_are_refused(imagenet, plant, refusal):
    stray = plant(imagenet / "val" / "ILSVRC2012_val_00000001.JPEG")
    assert refusal("imagenet", imagenet).startswith(
        f"{stray}: lies in no class folder; expected a tree train/"
    )


def test_wrong_trees_are_named(imagenet, plant, refusal):
    plant(imagenet / "val" / "n03" / "1.JPEG")
    assert "1 classes of the validation part are not in train/, n03 for one" in refusal("imagenet", imagenet)
    (imagenet / "train").rename(imagenet / "learning")
    assert "has test/, but no train/" in refusal("imagenet", imagenet)


def test_one_class_is_no_tree(tmp_path, plant, refusal):
    plant(tmp_path / "n03" / "1.JPEG")
    assert "found one class, n03; expected a tree" in refusal("imagenet", tmp_path)
