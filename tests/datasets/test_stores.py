"""Sources on a store tell what they tell of a local folder."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from aesthkeras import storage
from aesthkeras.datasets.find import read_dataset
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.errors import UsageError
from aesthkeras.photos.notes import find_notes
from aesthkeras.photos.sources import find_photos

SETTINGS = DatasetSettings()


@pytest.fixture
def assert_same(scheme, upload):
    """`assert_same(name, folder, place)`: a set in a folder is the same set on a store."""

    def same(name: str, folder: Path, place: str) -> None:
        store = upload(folder, f"{scheme}://{place}")
        here, there = (read_dataset(name, root, SETTINGS) for root in (str(folder), store))
        moved = [record._replace(path=store + record.path[len(str(folder)) :]) for record in here.records]
        assert there.records == moved
        assert len(moved) > 2
        assert there._replace(records=[], left_out=[]) == here._replace(records=[], left_out=[])
        left_out = [[(id_, reason) for id_, _, reason in found.left_out] for found in (here, there)]
        assert left_out[0] == left_out[1]
        assert all(storage.exists(record.path) for record in there.records)

    return same


def test_folder(tmp_path, plant, assert_same):
    for name in ("one.jpg", "deep/er/two.png", "Übung mit Raum/three.jpeg"):
        plant(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no photo")
    (tmp_path / ".hidden").mkdir()
    plant(tmp_path / ".hidden" / "four.jpg")
    assert_same("folder", tmp_path, "plain")


def test_photos_are_found_as_in_a_folder(tmp_path, plant, scheme, upload):
    for name in ("two.jpg", "deep/er/one.png", ".hidden/three.jpg"):
        plant(tmp_path / name)
    (tmp_path / "README").write_text("All by Anna")
    store = upload(tmp_path, f"{scheme}://found")
    assert find_photos(store) == [f"{store}/deep/er/one.png", f"{store}/two.jpg"]
    assert find_notes(store) == "All by Anna"


def test_csv(tmp_path, plant, assert_same):
    rows = ["path,score,theme"]
    for number in range(12):
        plant(tmp_path / "images" / f"photo {number}.jpg")
        rows.append(f"images/photo {number}.jpg,{number},theme {number // 2}")
    rows.append("images/gone.jpg,3,theme 9")
    (tmp_path / "labels.csv").write_text("\n".join(rows), encoding="utf-8-sig")
    assert_same("csv", tmp_path, "ratings")


def test_ava(tmp_path, plant, assert_same):
    lines = []
    for number, id_ in enumerate(("11", "12", "13", "14", "15")):
        if id_ != "15":
            plant(tmp_path / "images" / f"{id_}.jpg")
        lines.append(
            f"{number + 1} {id_} {' '.join('9' if k == number * 2 else '0' for k in range(10))} 1 2 3"
        )
    (tmp_path / "AVA.txt").write_text("\n".join(lines))
    (tmp_path / "aesthetics_image_lists").mkdir()
    (tmp_path / "aesthetics_image_lists" / "generic_test.jpgl").write_text("12\n14\n")
    assert_same("ava", tmp_path, "ava")


def test_class_folders(tmp_path, plant, assert_same):
    for split in ("train", "val"):
        for class_ in ("cat", "dog"):
            plant(tmp_path / split / class_ / "1.JPEG")
            plant(tmp_path / split / class_ / "2.JPEG")
    assert_same("imagenet", tmp_path, "imagenet")


def test_a_missing_package_is_named(monkeypatch):
    pytest.importorskip("fsspec")
    monkeypatch.setattr(storage, "tensorflow_opens", lambda path: False)
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(UsageError) as error:
        storage.connect("s3://no-such-package/photos", "data_dir")
    assert str(error.value) == (
        "data_dir=s3://no-such-package/photos: expected the package s3fs for this store: "
        "pip install 'aesthkeras[s3]'"
    )


@pytest.mark.parametrize(
    ("folder", "words"), [("ram://nowhere", "no such folder"), ("nix://bucket", "no such kind of store")]
)
def test_what_is_not_there_is_one_line(folder, words):
    for name in ("folder", "csv", "ava"):
        with pytest.raises(UsageError, match=words) as error:
            read_dataset(name, folder, SETTINGS)
        assert "data_dir" in str(error.value)
        assert "\n" not in str(error.value)
