"""Mixed precision models rebuilt in float32."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from aesthkeras.encoders import ENCODERS, build_encoder
from aesthkeras.encoders.float32 import float32_copy


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_every_layer_is_float32_with_the_same_weights(name: str, mixed_bfloat16):
    encoder = build_encoder(name, input_size=96, width=0.125)
    copy = float32_copy(encoder)
    assert {layer.compute_dtype for layer in copy.layers} == {"float32"}
    assert list(copy.output) == list(encoder.output)
    for one, two in zip(encoder.weights, copy.weights):
        assert one is not two
        np.testing.assert_array_equal(one, two)


def test_models_among_the_layers_are_rebuilt_too(mixed_bfloat16):
    inner_input = keras.Input((4,))
    inner = keras.Model(inner_input, keras.layers.Dense(3, name="deep")(inner_input), name="inner")
    outer_input = keras.Input((4,))
    copy = float32_copy(keras.Model(outer_input, inner(outer_input)))
    assert copy.get_layer("inner").get_layer("deep").compute_dtype == "float32"
    assert copy.output.dtype == "float32"
