"""An export as a Keras model again."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.errors import UsageError
from aesthkeras.networks.find import find_encoder
from aesthkeras.networks.loading import (
    encoder_description,
    load_degradations,
    load_encoder,
    load_scorer,
    newest_version,
    scorer_description,
)
from aesthkeras.photos.views import serving_pixels


def test_loaded_encoder_is_the_exported_one(export):
    encoder = load_encoder(export.path.parent)
    pixels = np.random.default_rng(0).integers(0, 256, (2, export.crop, export.crop, 3), np.uint8)
    expected, outputs = export.encoder(pixels), encoder(pixels)
    assert list(outputs) == list(expected)
    for name in expected:
        np.testing.assert_allclose(outputs[name], expected[name], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(tf.add_n(encoder.losses), tf.add_n(export.encoder.losses), rtol=1e-5)


@pytest.mark.parametrize("kind", ["export", "scorer_export"])
def test_description_says_resize_and_crop(kind, request, export):
    folder = getattr(request.getfixturevalue(kind), "path", request.getfixturevalue(kind))
    description = encoder_description(folder)
    assert (description["resize_edge"], description["crop"]) == (export.resize_edge, export.crop)


def test_loaded_scorer_answers_as_its_signatures(scorer_export, export, jpeg):
    photos = [jpeg(120, 200), jpeg(300, 110, 1)]
    served = tf.saved_model.load(str(scorer_export)).signatures
    expected = served["serving_default"](image_bytes=tf.constant(photos))
    wrong = served["degradations"](image_bytes=tf.constant(photos))["probabilities"]
    scorer = load_scorer(scorer_export.parent)
    sizes = (export.resize_edge, export.crop)
    pixels = tf.stack([serving_pixels(tf.constant(photo), *sizes) for photo in photos])
    answer = scorer(pixels)
    for name in ("score", "rating", "distribution"):
        np.testing.assert_allclose(answer[name], expected[name], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(answer["degradations"], wrong, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(answer["conv4"], export.encoder(pixels)["conv4"], rtol=1e-5, atol=1e-5)
    assert scorer_description(scorer_export)["threshold"] == 4.1


def test_gradient_reaches_a_loaded_scorers_blocks_and_pixels(scorer_export, export):
    """What a heat map needs: each is an intermediate value of the score, not a copy beside it."""
    pixels = tf.random.stateless_uniform([1, export.crop, export.crop, 3], [0, 0], 0, 255)
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        answer = load_scorer(scorer_export)(pixels)
    gradients = tape.gradient(answer["score"], [answer["conv5"], answer["conv1"], pixels])
    assert all(np.abs(gradient).max() > 0 for gradient in gradients)


def test_encoder_of_a_scorer_brings_its_degradations(scorer_export, export):
    found = find_encoder(str(scorer_export.parent))
    head, names = found.degradations
    embedding = np.random.default_rng(0).random((3, 512), np.float32)
    expected = export.head(embedding)["logits"]
    np.testing.assert_allclose(head(embedding)["logits"], expected, rtol=1e-5, atol=1e-5)
    assert names[:2] == ["class 0", "class 1"]


def test_encoder_alone_is_no_scorer(export):
    with pytest.raises(UsageError, match="expected a scorer's SavedModel"):
        load_scorer(export.path)


def test_export_before_heads_were_kept_has_no_degradations(export, tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "saved_model.pb").touch()
    description = encoder_description(export.path)
    del description["head"]
    (tmp_path / "assets" / "encoder.json").write_text(json.dumps(description))
    assert load_degradations(tmp_path) is None


def test_newest_version_is_the_highest_number(tmp_path):
    for version in ("2", "10", "9"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "saved_model.pb").touch()
    (tmp_path / "11").mkdir()
    assert newest_version(tmp_path) == tmp_path / "10"
    assert newest_version(tmp_path / "9") == tmp_path / "9"


def test_other_folders_are_refused(tmp_path):
    with pytest.raises(UsageError, match="expected a SavedModel, or a folder of its versions"):
        load_encoder(tmp_path)
    (tmp_path / "saved_model.pb").touch()
    with pytest.raises(UsageError, match="expected a SavedModel of aesthkeras"):
        load_encoder(tmp_path)


def test_weights_of_another_encoder_are_refused(export, tmp_path):
    stranger = tmp_path / "1"
    tf.io.gfile.makedirs(str(stranger / "assets"))
    description = encoder_description(export.path)
    description["model"]["config"]["layers"][2]["config"]["filters"] = 24
    (stranger / "assets" / "encoder.json").write_text(json.dumps(description))
    (stranger / "saved_model.pb").touch()
    (stranger / "variables").symlink_to(export.path / "variables")
    with pytest.raises(ValueError, match="[Ss]hape"):
        load_encoder(stranger)
