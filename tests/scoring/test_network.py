"""The network says what the SavedModel says, whoever else is in the batch."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.encoders import build_encoder
from aesthkeras.errors import UsageError
from aesthkeras.networks.export import Export
from aesthkeras.networks.saving import export_encoder
from aesthkeras.photos.views import serving_pixels
from aesthkeras.scoring.network import ScoringNetwork


@pytest.fixture(scope="module")
def crops() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (10, 96, 96, 3), np.uint8)


def test_answers_are_those_of_the_saved_model(scorer, network, folder):
    files = [(folder / name).read_bytes() for name in ("a.jpg", "b.png", "more/e.bmp", "z.png", "a.jpg")]
    crops = np.stack([serving_pixels(tf.constant(file), network.resize, network.crop) for file in files])
    answers = network(crops)
    served = tf.saved_model.load(str(scorer)).signatures
    scored = served["serving_default"](image_bytes=tf.constant(files))
    np.testing.assert_allclose(answers["score"], scored["score"], atol=1e-5)
    np.testing.assert_allclose(answers["rating"], scored["rating"], rtol=1e-5)
    probabilities = served["degradations"](image_bytes=tf.constant(files))["probabilities"]
    np.testing.assert_allclose(answers["degradations"], probabilities, atol=1e-5)
    assert np.ptp(answers["score"]) > 0.01  # far more than the tolerance


def test_neither_order_nor_number_of_crops_moves_a_bit(network, crops):
    answers = network(crops)
    order = np.random.default_rng(1).permutation(len(crops))
    shuffled = network(crops[order])
    alone = network(crops[3:4])
    for name, values in answers.items():
        np.testing.assert_array_equal(shuffled[name], values[order])
        np.testing.assert_array_equal(alone[name], values[3:4])


def test_an_encoder_alone_has_no_score(tmp_path):
    export_encoder(build_encoder("alexnet", input_size=96, width=0.125), tmp_path / "plain", resize_edge=96)
    with pytest.raises(UsageError, match="model=.*plain: expected a scorer's SavedModel"):
        ScoringNetwork(Export.open(tmp_path / "plain"))
    with pytest.raises(UsageError, match="model=.*nothing: expected a SavedModel"):
        ScoringNetwork(Export.open(tmp_path / "nothing"))


def test_a_damaged_model_is_a_mistake(scorer, tmp_path):
    for number, name in enumerate(["assets/scorer.json", "variables/variables.index"]):
        copy = shutil.copytree(scorer, tmp_path / str(number))
        with open(copy / name, "r+b") as file:
            file.truncate(40)
        with pytest.raises(UsageError, match="model=.*expected a SavedModel that can be read"):
            ScoringNetwork(Export.open(copy))
