"""From RGB pixel values to CIE Lab inside an encoder: core TensorFlow ops only, float32, D65.

The arithmetic is that of tensorflow-io's `rgb_to_lab` and scikit-image's `rgb2lab`. Powers are written as exp
and log, and the two branches of each curve as a sum of clipped parts: on a CPU that takes a fraction of the
time of `tf.pow` and `tf.where`, which would cost as much as a small network's whole training step.
"""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf

# sRGB (IEC 61966-2-1): a line up to the threshold, then a power.
SRGB_THRESHOLD, SRGB_SLOPE, SRGB_OFFSET, SRGB_POWER = 0.04045, 12.92, 0.055, 2.4
# Linear RGB to X, Y and Z, a row each, and these of white under D65.
XYZ_OF_RGB = ((0.412453, 0.357580, 0.180423), (0.212671, 0.715160, 0.072169), (0.019334, 0.119193, 0.950227))
WHITE_POINT = (0.95047, 1.0, 1.08883)
# CIE Lab: a line up to the threshold, then a cube root.
LAB_THRESHOLD, LAB_SLOPE = 0.008856, 7.787

LIGHTNESS, COLOR = "L", "ab"
# In photos L has a mean near 50 and a deviation of 23; a and b have means near 0, deviations of 12 and 16.
CENTERS = {LIGHTNESS: 50.0, COLOR: 0.0}
SCALES = {LIGHTNESS: 25.0, COLOR: 15.0}


def lightness(pixels: tf.Tensor) -> tf.Tensor:
    """L of CIE Lab.

    Args:
        pixels: uint8 or floating `[..., 3]`, sRGB in [0, 255].

    Returns:
        float32 `[..., 1]` in [0, 100].
    """
    return 116.0 * _curve(_relative_xyz(pixels, rows=(1,))) - 16.0


def color(pixels: tf.Tensor) -> tf.Tensor:
    """a and b of CIE Lab.

    Args:
        pixels: uint8 or floating `[..., 3]`, sRGB in [0, 255].

    Returns:
        float32 `[..., 2]`: a in about [-86, 98], b in about [-108, 94].
    """
    curved = _curve(_relative_xyz(pixels, rows=(0, 1, 2)))
    return (curved[..., :2] - curved[..., 1:]) * tf.constant([500.0, 200.0])


def _relative_xyz(pixels: tf.Tensor, rows: tuple[int, ...]) -> tf.Tensor:
    """The asked ones of X, Y and Z, as shares of white's."""
    values = tf.cast(pixels, tf.float32)
    threshold = 255.0 * SRGB_THRESHOLD
    logarithm = tf.math.log(tf.maximum(values, threshold) + 255.0 * SRGB_OFFSET)
    power = tf.exp(SRGB_POWER * (logarithm - math.log(255.0 * (1.0 + SRGB_OFFSET))))
    line = (tf.minimum(values, threshold) - threshold) * (1.0 / (255.0 * SRGB_SLOPE))
    matrix = tf.constant([[part / WHITE_POINT[row] for part in XYZ_OF_RGB[row]] for row in rows])
    return tf.tensordot(power + line, matrix, axes=[[-1], [1]])


def _curve(shares: tf.Tensor) -> tf.Tensor:
    root = tf.exp(tf.math.log(tf.maximum(shares, LAB_THRESHOLD)) * (1.0 / 3.0))
    return root + LAB_SLOPE * (tf.minimum(shares, LAB_THRESHOLD) - LAB_THRESHOLD)


@keras.saving.register_keras_serializable(package="aesthkeras")
class LabStandardization(keras.layers.Layer):
    """RGB pixel values to one half of CIE Lab, centred and of about unit deviation.

    Args:
        channels: `L` for `(L - 50) / 25`, `ab` for `(a / 15, b / 15)`.

    Call arguments:
        pixels: uint8 or floating `[N, H, W, 3]`, RGB in [0, 255].

    Returns:
        `[N, H, W, 1]` or `[N, H, W, 2]` in the layer's compute dtype.
    """

    def __init__(self, channels: str, **kwargs: Any) -> None:
        # Keras would round the pixels to the compute dtype first: the arithmetic stays float32 up to the end.
        kwargs["autocast"] = False
        super().__init__(**kwargs)
        if channels not in SCALES:
            raise ValueError(f"channels={channels!r}: expected {LIGHTNESS!r} or {COLOR!r}")
        self.channels = channels

    def call(self, pixels: tf.Tensor) -> tf.Tensor:
        """Convert and standardise a batch."""
        values = lightness(pixels) if self.channels == LIGHTNESS else color(pixels)
        standardized = (values - CENTERS[self.channels]) * (1.0 / SCALES[self.channels])
        return tf.cast(standardized, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild the layer."""
        return {**super().get_config(), "channels": self.channels}
