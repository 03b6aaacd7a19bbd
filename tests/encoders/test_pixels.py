"""Pixel values to what the first convolution sees."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.encoders import PixelStandardization


def test_values_by_hand():
    # Red 255: (1 - 0.485) / 0.229; green 0: -0.456 / 0.224; blue 51: (0.2 - 0.406) / 0.225.
    pixel = np.array([[[[255, 0, 51]]]], np.uint8)
    expected = [2.2489083, -2.0357144, -0.9155556]
    np.testing.assert_allclose(PixelStandardization()(pixel)[0, 0, 0], expected, rtol=1e-5)


def test_uint8_and_float_agree():
    pixels = np.random.default_rng(0).integers(0, 256, (2, 5, 7, 3), np.uint8)
    layer = PixelStandardization()
    np.testing.assert_array_equal(layer(pixels), layer(pixels.astype(np.float32)))


def test_own_numbers_survive_the_config():
    layer = PixelStandardization(mean=(0.5, 0.5, 0.5), deviation=(0.5, 0.25, 1.0), name="own")
    again = PixelStandardization.from_config(layer.get_config())
    np.testing.assert_allclose(again(np.full((1, 1, 1, 3), 255.0, np.float32))[0, 0, 0], [1.0, 2.0, 0.5])
    assert again.name == "own"


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_mixed_precision_rounds_only_the_result(dtype: str):
    # 200.7 is no bfloat16 number (its neighbours are 200 and 201): rounding the input first would show.
    pixels = tf.constant(np.linspace(0, 255, 3 * 1001).reshape(1, 1, 1001, 3), tf.float32)
    rounded = PixelStandardization(dtype=keras.mixed_precision.Policy(f"mixed_{dtype}"))(pixels)
    assert rounded.dtype == dtype
    np.testing.assert_array_equal(rounded, tf.cast(PixelStandardization()(pixels), dtype))
