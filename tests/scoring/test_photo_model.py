"""What `aesthkeras.load` gives says what the SavedModel and the command say."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import aesthkeras
from aesthkeras.degradations.table import CLASSES
from aesthkeras.encoders import build_encoder
from aesthkeras.errors import UsageError
from aesthkeras.networks.saving import export_encoder
from aesthkeras.photos.sources import sample_photos
from aesthkeras.scoring import photo_model
from aesthkeras.scoring.photo_model import PhotoModel

SERVED = ("a.jpg", "b.png", "more/e.bmp", "z.png")  # WebP and TIFF do not go to a served model


@pytest.fixture(scope="module")
def model(scorer) -> PhotoModel:
    return aesthkeras.load(scorer)


@pytest.fixture(scope="module")
def signatures(scorer):
    return tf.saved_model.load(str(scorer)).signatures


@pytest.fixture(scope="module")
def files(folder) -> list[bytes]:
    return [(folder / name).read_bytes() for name in SERVED]


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> Path:
    """An encoder that neither scores nor knows degradations."""
    root = tmp_path_factory.mktemp("plain")
    return export_encoder(
        build_encoder("alexnet", input_size=96, width=0.125), root / "plain", resize_edge=110
    )


def test_score_and_rating_are_those_of_the_saved_model(model, signatures, files):
    served = signatures["serving_default"](image_bytes=tf.constant(files))
    said = model.score(files)
    assert said.score.dtype == said.rating.dtype == np.float32
    np.testing.assert_allclose(said.score, served["score"], atol=1e-6)
    np.testing.assert_allclose(said.rating, served["rating"], rtol=1e-5)
    assert said.heat is None
    assert np.ptp(said.score) > 0.01  # far more than the tolerance


def test_sizes_and_what_is_hardly_a_photo_are_told_of_files_bytes_and_pixels(model, folder):
    gray = np.full((40, 60, 3), 120, np.uint8)
    said = model.score([folder / "b.png", (folder / "more" / "e.bmp").read_bytes(), gray])
    assert said.size.tolist() == [[160, 120], [120, 300], [40, 60]]
    assert said.hardly_a_photo.tolist() == [False, False, True]
    alone = model.score(gray)
    assert alone.size.tolist() == [40, 60] and alone.hardly_a_photo


def test_features_and_degradations_are_those_of_the_saved_model(model, signatures, files):
    served = signatures["features"](image_bytes=tf.constant(files))
    features = model.features(files)
    assert set(features) == {"conv1", "conv2", "conv3", "conv4", "conv5", "embedding"}
    for name, values in features.items():
        np.testing.assert_allclose(values, served[name], rtol=1e-4, atol=1e-5)
    said = model.degradations(files)
    expected = signatures["degradations"](image_bytes=tf.constant(files))["probabilities"]
    np.testing.assert_allclose(said.probabilities, expected, atol=1e-6)
    assert said.names == tuple(degradation.name for degradation in CLASSES)


def test_a_path_its_bytes_and_its_pixels_are_the_same_photo(model, folder):
    path = folder / "b.png"
    pixels = np.asarray(Image.open(path))
    mixed = model.score([path, str(path), path.read_bytes(), pixels])
    assert len(set(mixed.score)) == 1
    assert model.score(np.stack([pixels, pixels])).score.tolist() == mixed.score[:2].tolist()
    for webp in (str(folder / "c.webp"), (folder / "c.webp").read_bytes()):
        assert model.score(webp).score == model.score(np.asarray(Image.open(folder / "c.webp"))).score


def test_bytes_of_any_kind_are_a_photo_and_an_open_file_is_none(model, files):
    expected = model.score(files[0])
    for given in (bytearray(files[0]), memoryview(files[0])):
        assert model.score(given).score == expected.score
        assert model.score([given]).score.shape == (1,)
    with pytest.raises(ValueError, match=r"^photos: expected a path, .*, got BytesIO$"):
        model.score(io.BytesIO(files[0]))


def test_one_alone_is_answered_alone(model, folder):
    path = folder / "b.png"
    together, alone = model.score([path], heat=True), model.score(path, heat=True)
    assert alone.score.shape == alone.rating.shape == ()
    assert alone.score == together.score[0]
    np.testing.assert_array_equal(alone.heat, together.heat[0])
    assert model.features(path)["embedding"].shape == (512,)
    assert model.degradations(path).probabilities.shape == (len(CLASSES),)


def test_heat_changes_no_score_and_has_a_map_for_each_photo(model, files):
    said = model.score(files, heat=True)
    np.testing.assert_allclose(said.score, model.score(files).score, atol=1e-6)
    assert said.heat.shape == (4, 4, 4)  # conv5 of AlexNet at 96 pixels
    assert (said.heat != 0).any(axis=(1, 2)).all()


def test_more_photos_than_are_held_at_once(model, files, monkeypatch):
    expected = model.score(files).score
    monkeypatch.setattr(photo_model, "PHOTOS_IN_MEMORY", 3)
    np.testing.assert_array_equal(model.score(files * 2).score, np.tile(expected, 2))


def test_a_photo_that_cannot_be_read_is_named(model, folder):
    good = folder / "b.png"
    with pytest.raises(UsageError, match=r"^photos\[1\]=.*text.jpg: not a JPEG, PNG, GIF or BMP"):
        model.score([good, folder / "text.jpg"])
    with pytest.raises(UsageError, match=r"^photos\[2\]: .*ends before its end marker"):
        model.features([good, good, (folder / "short.jpg").read_bytes()])
    with pytest.raises(UsageError, match=r"^photos=.*nothing.jpg: "):
        model.degradations("nothing.jpg")
    with pytest.raises(UsageError, match=r"^photos\[0\]: .*40 x 9 pixels, shorter edge under 16"):
        model.score([np.zeros((9, 40, 3), np.uint8)])
    with pytest.raises(UsageError, match="^photos: expected at least one"):
        model.score([])


def test_what_is_no_photo_is_a_value_error_that_says_what_it_is(model, folder):
    with pytest.raises(ValueError, match=r"^photos\[1\]: expected a path.*got float32 \[20, 30, 3\]"):
        model.score([folder / "b.png", np.zeros((20, 30, 3), np.float32)])
    with pytest.raises(ValueError, match=r"^photos: expected a path.*got uint8 \[20, 30\]"):
        model.score(np.zeros((20, 30), np.uint8))
    with pytest.raises(ValueError, match="^photos: expected a path.*got int"):
        model.score(5)
    with pytest.raises(ValueError, match=r"^photos\[0\]: expected a path.*got NoneType"):
        model.features([None])


def test_an_encoder_alone_has_features_and_says_that_it_has_no_score(plain, files):
    model = aesthkeras.load(plain)
    assert model.features(files)["embedding"].shape == (4, 512)
    with pytest.raises(UsageError, match="model=.*expected a scorer's SavedModel, .* not an encoder alone"):
        model.score(files)
    with pytest.raises(UsageError, match="model=.*knows no degradations"):
        model.degradations(files)


def test_what_is_no_model_is_refused(tmp_path):
    with pytest.raises(UsageError, match="^model=nosuch: expected a SavedModel"):
        aesthkeras.load("nosuch")
    with pytest.raises(UsageError, match=f"^model={tmp_path}: expected a SavedModel"):
        aesthkeras.load(tmp_path)


@pytest.mark.long
def test_a_shipped_model_by_name_from_any_folder_as_the_command_scores(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = sample_photos()[:3]
    said = aesthkeras.load("quality").score(paths)
    command = [sys.executable, "-m", "aesthkeras", "score", *paths, "--model=quality"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=200).stdout
    rows = list(csv.DictReader(printed.splitlines()))
    assert [row["score"] for row in rows] == [f"{score:.6f}" for score in said.score]
    assert [row["rating"] for row in rows] == [f"{rating:.6f}" for rating in said.rating]
    served = tf.saved_model.load(str(Path(__file__).parents[2] / "savedmodels" / "quality" / "2"))
    photos = tf.constant([Path(path).read_bytes() for path in paths])
    expected = served.signatures["serving_default"](image_bytes=photos)["score"]
    np.testing.assert_allclose(said.score, expected, atol=1e-6)
