from __future__ import annotations

import json
import os

from aesthkeras.datasets.find import read_dataset
from aesthkeras.datasets.record import Record
from aesthkeras.datasets.settings import DatasetSettings


def test_photos_without_labels_and_without_a_split(tmp_path, plant):
    one, two = plant(tmp_path / "b.jpg"), plant(tmp_path / "my photos" / "écrin.jpg")
    (tmp_path / "README.txt").write_text("not a photo")
    data_set = read_dataset("folder", f"{tmp_path}/", DatasetSettings())
    assert data_set.records == [Record("b.jpg", str(one)), Record("my photos/écrin.jpg", str(two))]
    assert (data_set.classes, data_set.score_range, data_set.left_out) == ((), None, [])


def test_names_that_are_no_text_give_ids_that_any_file_can_hold(tmp_path):
    with open(os.fsencode(str(tmp_path)) + b"/latin-\xe9.jpg", "wb"):
        pass
    record = read_dataset("folder", str(tmp_path), DatasetSettings()).records[0]
    assert json.dumps(record.id).encode() and record.id == "latin-\\xe9.jpg"
    assert os.path.exists(record.path)


def test_a_random_split_stays_when_photos_come_and_go(tmp_path, plant):
    for number in range(40):
        plant(tmp_path / f"{number}.jpg")
    settings = DatasetSettings(split="random", test_share=0.3, validation_share=0.2)

    def splits():
        return {record.id: record.split for record in read_dataset("folder", str(tmp_path), settings).records}

    before = splits()
    assert set(before.values()) == {"train", "validation", "test"}
    for number in range(0, 40, 2):
        (tmp_path / f"{number}.jpg").unlink()
    after = splits()
    assert len(after) == 20 and after.items() <= before.items()


def test_sample_photos_go_by_their_names():
    data_set = read_dataset("folder", "samples", DatasetSettings())
    assert "chelsea.png" in [record.id for record in data_set.records] and len(data_set.records) == 11


def test_validation_needs_a_training_part(tmp_path, plant, refusal):
    plant(tmp_path / "a.jpg")
    assert "validation_share=0.5: expected a split that it can be taken from" in refusal(
        "folder", tmp_path, validation_share=0.5
    )
