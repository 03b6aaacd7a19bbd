"""Labels from folders and from shards, what is refused, and a run that knows its classes without photos."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from skimage import data

from aesthkeras.datasets.find import read_dataset
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.errors import UsageError
from aesthkeras.networks.trained import read_trained
from aesthkeras.photos.inspection import inspect_photos
from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.photos.shard_index import find_index
from aesthkeras.photos.shard_photos import shard_photos
from aesthkeras.photos.sources import find_photos
from aesthkeras.preparation.preparing import prepare
from aesthkeras.preparation.settings import PreparationSettings
from aesthkeras.pretext.export import describe_run
from aesthkeras.pretext.pretraining import pretrain, study_once
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.run_settings import RunSettings
from aesthkeras.pretext.tasks.labels.task import TASK
from aesthkeras.training.run_folder import RunFolder


def found(folder: str, *names: str) -> PhotoSet:
    return PhotoSet([f"{folder}/{name}" for name in names], 0, "", folder=folder)


def task() -> TASK:
    return TASK(recipe=Recipe(width=0.125, resize=108, crop=96))


def test_the_first_folder_below_the_data_is_the_class():
    photos = found("d/photos/", "cat/1.jpg", "cat/deep/er.jpg", "Hünd/2.jpg", "a b/3.png", "cat/./4.jpg")
    assert task().study(photos) == {"classes": ["Hünd", "a b", "cat"], "labels": [2, 2, 0, 1, 2]}


def test_a_class_may_be_called_train():
    photos = found("d", "train/1.jpg", "car/2.jpg", "bus/3.jpg")
    assert task().study(photos)["classes"] == ["bus", "car", "train"]


def test_each_patch_gets_the_label_of_its_photo():
    labels = task()
    labels.recall(json.loads(json.dumps({"classes": ["x", "y", "z"], "labels": [2, 0, 1, 0]})))
    patches = tf.zeros([3, 96, 96, 3], tf.uint8)
    made = labels.views({"patches": patches, "photo": tf.constant([3, 0, 2], tf.int64)})
    np.testing.assert_array_equal(made["classes"], [[0], [2], [1]])
    assert made["views"].shape == (3, 1, 96, 96, 3)
    assert labels.class_names == ["x", "y", "z"]


@pytest.mark.parametrize(
    ("photos", "line"),
    [
        (found("d", "cat/1.jpg", "2.jpg"), r"d/2.jpg: lies in no class folder"),
        (found("d", "cat/1.jpg", "../e/2.jpg"), r"e/2.jpg: lies in no class folder"),
        (found("d", "cat/1.jpg", "cat/2.jpg"), r"found one class only, cat"),
        (found("d", "train/cat/1.jpg", "val/dog/2.jpg"), r"found the parts .* expected data_dir=d/train"),
        (
            found("d", "Train/a/1.jpg", "Dev/a/2.jpg", "x/3.jpg"),
            r"parts of a data set, Dev, Train, .*=d/Train",
        ),
        (found("d", "cat/1.jpg", "Cat/2.jpg"), r"the classes 'Cat' and 'cat' differ in their spelling only"),
        (found("", "/skimage/data/astronaut.png"), r"data_dir=samples: .* a folder per class"),
    ],
)
def test_photos_without_classes_are_refused_in_one_line(photos, line):
    with pytest.raises(UsageError, match=line) as refusal:
        task().study(photos)
    assert "\n" not in str(refusal.value)


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("tree")
    for class_ in ("made", "born"):
        (folder / class_).mkdir()
    small = (slice(0, 120), slice(0, 140))
    Image.fromarray(data.coffee()[small]).save(folder / "made" / "coffee.png")
    Image.fromarray(data.rocket()[small]).save(folder / "made" / "rocket.png")
    Image.fromarray(data.chelsea()[small]).save(folder / "born" / "cat.png")
    return str(folder)


def test_shards_have_the_labels_of_the_folders_they_were_made_from(tree, tmp_path):
    shards = str(tmp_path / "shards")
    prepare(read_dataset("imagenet", tree, DatasetSettings()), shards, PreparationSettings(), progress=False)
    photos = shard_photos(find_index(shards), str(tmp_path), progress=False)
    names = [path.rpartition("/")[2] for path in photos.paths]
    assert sorted(names) == ["cat.png", "coffee.png", "rocket.png"]
    facts = task().study(photos)
    of = {name: facts["classes"][label] for name, label in zip(names, facts["labels"])}
    assert of == {"cat.png": "born", "coffee.png": "made", "rocket.png": "made"}
    with pytest.raises(UsageError, match="data_dir: found shards in which a photo has no label"):
        task().study(replace(photos, labels=np.array([0, -1, 1], np.int32)))


def test_the_run_folder_knows_the_classes_when_the_photos_are_gone(tmp_path):
    run, first = RunFolder(tmp_path), task()
    flags = {"task": "labels", "width": "0.125", "resize": "108", "crop": "96"}
    run.claim(flags, set(flags))
    study_once(run, first, found("d", "cat/1.jpg", "dog/2.jpg", "eel/3.jpg"))
    encoder = first.build_encoder()
    head = first.build_head(encoder)
    describe_run(run, first, encoder, head)
    tf.train.Checkpoint(encoder=encoder, head=head).save(str(run.checkpoints / "step"))
    restored, degradations, _ = read_trained(run)
    assert degradations is None  # the classes of photos are no degradations
    np.testing.assert_array_equal(restored.get_weights()[0], encoder.get_weights()[0])
    again = task()
    again.recall(run.read_task_facts())
    assert again.class_names == ["cat", "dog", "eel"]


def test_a_run_refused_for_its_photos_takes_those_that_the_error_names(tree, tmp_path):
    shutil.copytree(tree, tmp_path / "data" / "train")
    shutil.copytree(tree, tmp_path / "data" / "val")
    (tmp_path / "run").mkdir()
    run, run_settings = RunFolder(tmp_path / "run"), RunSettings(data_dir=str(tmp_path / "data"))
    with pytest.raises(UsageError, match="found the parts of a data set") as refusal:
        pretrain(run, find_photos(run_settings.data_dir), task(), run_settings)
    advised = str(refusal.value).rpartition("data_dir=")[2]
    photos = inspect_photos(find_photos(advised), str(run.path), progress=False)
    study_once(run, task(), replace(photos, folder=advised))
    assert run.read_task_facts()["classes"] == ["born", "made"]
