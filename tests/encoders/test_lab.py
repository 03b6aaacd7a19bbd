"""CIE Lab inside the encoder against tensorflow-io, scikit-image and known colours."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from skimage.color import lab2rgb, rgb2lab

from aesthkeras.encoders import LabStandardization
from aesthkeras.encoders.lab import color, lightness

# Every 15th value, and the first 20: there both curves are lines, and the eye would forgive least.
VALUES = np.unique([*range(20), *range(0, 256, 15)]).astype(np.uint8)
CUBE = np.stack(np.meshgrid(VALUES, VALUES, VALUES), axis=-1).reshape(1, -1, len(VALUES), 3)


def lab(pixels: np.ndarray) -> np.ndarray:
    return np.concatenate([lightness(pixels), color(pixels)], axis=-1)


def test_known_colours():
    # Red, green, blue, white, black under D65, to the digits that colour calculators give.
    pixels = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0]], np.uint8)
    expected = [[53.24, 80.09, 67.2], [87.73, -86.18, 83.18], [32.3, 79.19, -107.86], [100, 0, 0], [0] * 3]
    np.testing.assert_allclose(lab(pixels), expected, atol=0.02)


def test_equals_scikit_image():
    # Same constants; float32 and powers by exp and log leave some 1e-4 of ab, differences times 500.
    np.testing.assert_allclose(lab(CUBE), rgb2lab(CUBE), atol=1e-3)


def test_equals_tensorflow_io():
    tfio = pytest.importorskip("tensorflow_io")
    io = tfio.experimental.color.rgb_to_lab(tf.cast(CUBE, tf.float32) / 255.0)
    np.testing.assert_allclose(lab(CUBE), io, atol=1e-3)


def test_layers_are_centred_and_scaled():
    expected = rgb2lab(CUBE)
    l_layer, ab_layer = LabStandardization("L"), LabStandardization("ab")
    np.testing.assert_allclose(l_layer(CUBE)[..., 0], (expected[..., 0] - 50) / 25, atol=1e-3)
    np.testing.assert_allclose(ab_layer(CUBE), expected[..., 1:] / 15, atol=1e-3)


def test_uint8_and_float_agree():
    for channels in ("L", "ab"):
        layer = LabStandardization(channels)
        np.testing.assert_array_equal(layer(CUBE), layer(CUBE.astype(np.float32)))


def test_lightness_does_not_see_colour():
    gray = 255 * lab2rgb(rgb2lab(CUBE) * (1, 0, 0))
    layer = LabStandardization("L")
    np.testing.assert_allclose(layer(gray.astype(np.float32)), layer(CUBE), atol=1e-3)


def test_config_rebuilds_the_layer():
    layer = LabStandardization("ab", name="own")
    again = LabStandardization.from_config(layer.get_config())
    np.testing.assert_array_equal(again(CUBE), layer(CUBE))
    assert again.name == "own"


def test_other_channels_are_refused():
    with pytest.raises(ValueError, match="channels='Lab': expected 'L' or 'ab'"):
        LabStandardization("Lab")


def test_mixed_precision_rounds_only_the_result():
    rounded = LabStandardization("ab", dtype=keras.mixed_precision.Policy("mixed_bfloat16"))(CUBE)
    assert rounded.dtype == tf.bfloat16
    np.testing.assert_array_equal(rounded, tf.cast(LabStandardization("ab")(CUBE), tf.bfloat16))
