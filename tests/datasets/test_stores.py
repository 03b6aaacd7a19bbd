"""Sources on a store (`ram://` stands for `s3://` and `gs://`) tell what they tell of a local folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import tensorflow as tf

from aesthkeras.datasets.find import read_dataset
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.errors import UsageError

SETTINGS = DatasetSettings()


def upload(folder: Path, store: str) -> str:
    for path in sorted(folder.rglob("*")):
        target = f"{store}/{path.relative_to(folder).as_posix()}"
        if path.is_dir():
            tf.io.gfile.makedirs(target)
        else:
            tf.io.gfile.makedirs(os.path.dirname(target))
            tf.io.gfile.GFile(target, "wb").write(path.read_bytes())
    return store


def assert_same(name: str, folder: Path, store: str) -> None:
    here = read_dataset(name, str(folder), SETTINGS)
    there = read_dataset(name, upload(folder, store), SETTINGS)
    moved = [record._replace(path=store + record.path[len(str(folder)) :]) for record in here.records]
    assert there.records == moved
    assert len(moved) > 2
    assert there._replace(records=[], left_out=[]) == here._replace(records=[], left_out=[])
    assert [(id_, reason) for id_, _, reason in there.left_out] == [(id_, r) for id_, _, r in here.left_out]
    assert all(tf.io.gfile.exists(record.path) for record in there.records)


def test_folder(tmp_path, plant):
    for name in ("one.jpg", "deep/er/two.png", "Übung mit Raum/three.jpeg"):
        plant(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no photo")
    (tmp_path / ".hidden").mkdir()
    plant(tmp_path / ".hidden" / "four.jpg")
    assert_same("folder", tmp_path, "ram://plain")


def test_csv(tmp_path, plant):
    rows = ["path,score,theme"]
    for number in range(12):
        plant(tmp_path / "images" / f"photo {number}.jpg")
        rows.append(f"images/photo {number}.jpg,{number},theme {number // 2}")
    rows.append("images/gone.jpg,3,theme 9")
    (tmp_path / "labels.csv").write_text("\n".join(rows), encoding="utf-8-sig")
    assert_same("csv", tmp_path, "ram://ratings")


def test_ava(tmp_path, plant):
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
    assert_same("ava", tmp_path, "ram://ava")


def test_class_folders(tmp_path, plant):
    for split in ("train", "val"):
        for class_ in ("cat", "dog"):
            plant(tmp_path / split / class_ / "1.JPEG")
            plant(tmp_path / split / class_ / "2.JPEG")
    assert_same("imagenet", tmp_path, "ram://imagenet")


@pytest.mark.parametrize(
    ("folder", "words"), [("ram://nowhere", "no such folder"), ("nix://bucket", "no such kind of store")]
)
def test_what_is_not_there_is_one_line(folder, words):
    for name in ("folder", "csv", "ava"):
        with pytest.raises(UsageError, match=words) as error:
            read_dataset(name, folder, SETTINGS)
        assert "data_dir" in str(error.value)
        assert "\n" not in str(error.value)
