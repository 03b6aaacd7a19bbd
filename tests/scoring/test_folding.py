"""A network without batch normalisation after its convolutions answers as before."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from aesthkeras.encoders import build_encoder
from aesthkeras.scoring.folding import fold_batch_normalization

layers = keras.layers


def kinds(model: keras.Model) -> list[str]:
    return [type(layer).__name__ for layer in model.layers]


@pytest.mark.parametrize(("name", "convolutions"), [("alexnet", 5), ("resnet18", 20)])
def test_encoders_answer_as_before(name, convolutions):
    encoder = build_encoder(name, input_size=96, width=0.125)
    chance = np.random.default_rng(0)
    for layer in encoder.layers:  # statistics, scales and shifts that are far from neutral
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([chance.uniform(0.5, 2, weight.shape) for weight in layer.get_weights()])
    pixels = chance.integers(0, 256, (2, 96, 96, 3), np.uint8)
    folded = fold_batch_normalization(encoder)
    assert (
        kinds(encoder).count("BatchNormalization") - kinds(folded).count("BatchNormalization") == convolutions
    )
    expected, answers = encoder(pixels), folded(pixels)
    for output in expected:
        size = np.abs(expected[output]).max()
        np.testing.assert_allclose(answers[output], expected[output], atol=1e-5 * size, rtol=0)


def test_only_a_convolution_that_nothing_else_reads_is_folded():
    pixels = keras.Input((8, 8, 3))
    read_twice = layers.Conv2D(4, 3, use_bias=False, padding="same", name="read_twice")(pixels)
    with_relu = layers.Conv2D(4, 3, use_bias=False, padding="same", activation="relu", name="relu")(pixels)
    output = layers.Conv2D(4, 3, use_bias=False, padding="same", name="answering")(pixels)
    normalized = [layers.BatchNormalization()(each) for each in (read_twice, with_relu, output)]
    model = keras.Model(pixels, {"sum": layers.Add()([*normalized, read_twice]), "output": output})
    model(np.random.default_rng(0).normal(size=(9, 8, 8, 3)), training=True)
    folded = fold_batch_normalization(model)
    assert kinds(folded) == kinds(model)
    images = np.random.default_rng(1).normal(size=(2, 8, 8, 3)).astype(np.float32)
    for name, values in model(images).items():
        np.testing.assert_array_equal(folded(images)[name], values)
