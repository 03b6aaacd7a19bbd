"""An export as Keras models again, and that it is read once."""

from __future__ import annotations

import collections
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from aesthkeras import files
from aesthkeras.errors import UsageError
from aesthkeras.finding.find import find_encoder
from aesthkeras.networks import export as exports
from aesthkeras.networks.export import Export, find_export
from aesthkeras.photos.views import serving_pixels
from aesthkeras.scoring.network import ScoringNetwork
from aesthkeras.serving.formats.pixel_network import PixelNetwork


def test_encoder_is_the_exported_one(export):
    encoder = Export.open(export.path.parent).encoder()
    pixels = np.random.default_rng(0).integers(0, 256, (2, export.crop, export.crop, 3), np.uint8)
    expected, outputs = export.encoder(pixels), encoder(pixels)
    assert list(outputs) == list(expected)
    for name in expected:
        np.testing.assert_allclose(outputs[name], expected[name], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(tf.add_n(encoder.losses), tf.add_n(export.encoder.losses), rtol=1e-5)


def test_what_an_export_says_of_itself(export, scorer_export):
    opened, scorer = Export.open(export.path), Export.open(scorer_export.parent)
    for one in (opened, scorer):
        assert (one.resize, one.crop) == (export.resize_edge, export.crop)
        assert one.class_names == [f"class {index}" for index in range(22)]
    assert (opened.name, opened.folder, opened.is_scorer, opened.meaning) == (
        "tiny/1",
        export.path,
        False,
        {},
    )
    assert (scorer.name, scorer.folder, scorer.is_scorer) == ("scorer", scorer_export, True)
    assert scorer.meaning == {"target": "distribution", "threshold": 4.1}


def test_scoring_model_answers_as_the_signatures(scorer_export, export, jpeg):
    photos = [jpeg(120, 200), jpeg(300, 110, 1)]
    served = tf.saved_model.load(str(scorer_export)).signatures
    expected = served["serving_default"](image_bytes=tf.constant(photos))
    probabilities = served["degradations"](image_bytes=tf.constant(photos))["probabilities"]
    sizes = (export.resize_edge, export.crop)
    pixels = tf.stack([serving_pixels(tf.constant(photo), *sizes) for photo in photos])
    answer = Export.open(scorer_export.parent).scoring_model()(pixels)
    for name in ("score", "rating", "distribution"):
        np.testing.assert_allclose(answer[name], expected[name], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(answer["degradations"], probabilities, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(answer["conv4"], export.encoder(pixels)["conv4"], rtol=1e-5, atol=1e-5)


def test_scorer_alone_reads_the_encoders_outputs(scorer_export, export):
    opened = Export.open(scorer_export)
    pixels = np.random.default_rng(0).integers(0, 256, (2, export.crop, export.crop, 3), np.uint8)
    outputs, scorer = opened.encoder()(pixels), opened.scorer()
    score = scorer({name: outputs[name] for name in scorer.input})["score"]
    np.testing.assert_allclose(score, opened.scoring_model()(pixels)["score"], rtol=1e-5)


def test_gradient_reaches_blocks_and_pixels(scorer_export, export):
    """What a heat map needs: each is an intermediate value of the score, not a copy beside it."""
    pixels = tf.random.stateless_uniform([1, export.crop, export.crop, 3], [0, 0], 0, 255)
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        answer = Export.open(scorer_export).scoring_model()(pixels)
    gradients = tape.gradient(answer["score"], [answer["conv5"], answer["conv1"], pixels])
    assert all(np.abs(gradient).max() > 0 for gradient in gradients)


def test_encoder_of_a_scorer_brings_its_degradations(scorer_export, export):
    head, names = find_encoder(str(scorer_export.parent)).degradations
    embedding = np.random.default_rng(0).random((3, 512), np.float32)
    expected = export.head(embedding)["logits"]
    np.testing.assert_allclose(head(embedding)["logits"], expected, rtol=1e-5, atol=1e-5)
    assert names[:2] == ["class 0", "class 1"]


@pytest.fixture
def counted(monkeypatch) -> collections.Counter:
    """How often a version is looked for, and each file of text is read."""
    counts: collections.Counter = collections.Counter()
    read_text, newest_version = Path.read_text, exports.newest_version

    def read(self, *arguments, **named):
        counts[self.name] += 1
        return read_text(self, *arguments, **named)

    def newest(folder):
        counts["version"] += 1
        return newest_version(folder)

    monkeypatch.setattr(Path, "read_text", read)
    monkeypatch.setattr(exports, "newest_version", newest)
    return counts


ONCE = {"version": 1, "encoder.json": 1, "scorer.json": 1, "classes.txt": 1}


@pytest.mark.parametrize("use", [ScoringNetwork, PixelNetwork])
def test_scoring_looks_for_the_version_once_and_reads_each_file_once(use, scorer_export, counted):
    use(Export.open(scorer_export.parent))
    assert counted == ONCE


def test_an_opened_export_reads_no_description_again(scorer_export, counted):
    opened = Export.open(scorer_export.parent)
    opened.encoder(), opened.degradations(), opened.scorer(), opened.scoring_model()
    assert counted == ONCE


def test_encoder_alone_is_no_scorer(export):
    with pytest.raises(UsageError, match=r"^model=.*/tiny/1: expected a scorer's SavedModel"):
        Export.open(export.path).scoring_model()


def test_export_before_heads_were_kept_has_no_degradations(export, tmp_path):
    copy = shutil.copytree(export.path, tmp_path / "old")
    file = copy / "assets" / "encoder.json"
    description = json.loads(file.read_text())
    del description["head"]
    file.write_text(json.dumps(description))
    (copy / "assets" / "classes.txt").unlink()
    assert Export.open(copy).degradations() is None


def test_newest_version_is_the_highest_number_that_is_whole(export, tmp_path):
    for version in ("2", "10", "9"):
        shutil.copytree(export.path, tmp_path / version)
    (tmp_path / "11").mkdir()
    assert Export.open(tmp_path).folder == tmp_path / "10"
    assert Export.open(tmp_path / "9").folder == tmp_path / "9"


def test_other_folders_are_refused(tmp_path):
    with pytest.raises(UsageError, match="^model=.*: expected a SavedModel, or a folder of its versions$"):
        Export.open(tmp_path)
    (tmp_path / "saved_model.pb").touch()
    with pytest.raises(UsageError, match="expected a SavedModel of aesthkeras, with assets/encoder.json"):
        Export.open(tmp_path)


def empty(folder):
    (folder / "assets" / "encoder.json").write_text("[]")


def cut_json(folder):
    (folder / "assets" / "encoder.json").write_text('{"crop": 96, "resize_edge"')


def other_width(folder):
    file = folder / "assets" / "encoder.json"
    description = json.loads(file.read_text())
    description["model"]["layers"][2]["options"]["filters"] = 24
    file.write_text(json.dumps(description))


def no_network(folder):
    file = folder / "assets" / "encoder.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "model": {"class_name": "Functional"}}))


def cut_weights(folder):
    with open(folder / "variables" / "variables.data-00000-of-00001", "r+b") as file:
        file.truncate(4000)


def no_weights(folder):
    shutil.rmtree(folder / "variables")


def no_names(folder):
    (folder / "assets" / "classes.txt").unlink()


@pytest.mark.parametrize(
    "damage", [empty, cut_json, other_width, no_network, cut_weights, no_weights, no_names]
)
def test_a_damaged_export_is_refused_in_one_line_that_names_the_argument(damage, export, tmp_path):
    copy = shutil.copytree(export.path, tmp_path / "copy")
    damage(copy)
    with pytest.raises(
        UsageError, match="^encoder=.*/copy: expected a SavedModel that can be read"
    ) as caught:
        Export.open(copy, "encoder").encoder()
    assert len(str(caught.value).splitlines()) == 1


def test_a_path_goes_before_a_name_and_the_package_before_the_clone(export, tmp_path, monkeypatch):
    package, clone, here = (tmp_path / name for name in ("package", "clone", "here"))
    for place in (package / "savedmodels/best", clone / "savedmodels/best", clone / "savedmodels/other"):
        shutil.copytree(export.path, place / "1")
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(files, "PLACES", (package, clone))
    assert find_export("best") == package / "savedmodels" / "best"
    assert find_export("other") == clone / "savedmodels" / "other"
    assert Export.open("other").name == "other"
    assert find_encoder("other").name == "other"
    with pytest.raises(UsageError, match="^model=none: expected .* or one of best$"):
        find_export("none")
    shutil.copytree(export.path, here / "best" / "1")
    assert find_export("best") == Path("best")


def test_the_models_of_the_clone_are_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Export.open("quality").is_scorer and Export.open("beauty").is_scorer
