"""An export as a Keras model again."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.errors import UsageError
from aesthkeras.serving.loading import encoder_description, load_encoder, newest_version


def test_loaded_encoder_is_the_exported_one(export):
    encoder = load_encoder(export.path.parent)
    pixels = np.random.default_rng(0).integers(0, 256, (2, export.crop, export.crop, 3), np.uint8)
    expected, outputs = export.encoder(pixels), encoder(pixels)
    assert list(outputs) == list(expected)
    for name in expected:
        np.testing.assert_allclose(outputs[name], expected[name], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(tf.add_n(encoder.losses), tf.add_n(export.encoder.losses), rtol=1e-5)


def test_description_says_resize_and_crop(export):
    description = encoder_description(export.path)
    assert (description["resize_edge"], description["crop"]) == (export.resize_edge, export.crop)


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
