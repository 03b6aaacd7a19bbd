"""Natural-scene statistics of a photo: the 36 values of BRISQUE's spatial model, as a layer.

Mittal, Moorthy and Bovik, "No-Reference Image Quality Assessment in the Spatial Domain", IEEE Transactions on
Image Processing 21 (12), 2012. Sums of shifted copies stand in place of convolutions and matrix products,
which a GPU may round to TF32: a local variance is a small difference of large numbers.
"""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

LUMINANCE_OF_RGB = (0.299, 0.587, 0.114)  # of red, green and blue: ITU-R BT.601
WINDOW_RADIUS, WINDOW_SIGMA = 3, 7 / 6  # of the local mean's window, 7 x 7, in pixels
STABILISER = 1.0  # C of Eq. 1: it keeps a flat region's MSCN coefficients from infinity
PHOTO_SCALES = 2
SMALLEST_PHOTO = 32  # pixels an edge; at half of it there are 10 x 10 MSCN coefficients
SMALLEST_SHAPE, LARGEST_SHAPE, KNOTS = 0.2, 10.0, 512
# Of mean squares: a flat photo's coefficients are 0. Those of photos have mean squares above 0.001.
FLAT = 1e-8
# The steps to the neighbours of a pixel: right, down, down right, down left.
NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))


@keras.saving.register_keras_serializable(package="aesthkeras")
class Naturalness(keras.layers.Layer):
    """The 36 features of BRISQUE's spatial model.

    At the photo's size and at half of it, 18 each: shape and variance of a generalised Gaussian fitted to the
    MSCN coefficients; then for their products with the neighbours to the right, below, below right and below
    left, shape, mean, left variance and right variance of an asymmetric one.

    Where the paper says nothing: a window lies wholly inside the photo; half the size is the mean of 2 x 2
    pixels; shapes are between 0.2 and 10 (a flat photo has 10), variances 0 where there are no such values.

    Call arguments:
        pixels: uint8 or floating `[N, H, W, 3]`, RGB in [0, 255], H and W known and at least 32.

    Returns:
        float32 `[N, 1, 1, 36]`, finite.

    Raises:
        ValueError: when it is built, for smaller photos.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32", "autocast": False})

    def build(self, input_shape: tf.TensorShape) -> None:
        """Refuse small photos."""
        if min(input_shape[1:3]) < SMALLEST_PHOTO:
            raise ValueError(f"pixels: expected at least {SMALLEST_PHOTO} an edge, not {input_shape[1:3]}")
        super().build(input_shape)

    def call(self, pixels: tf.Tensor) -> tf.Tensor:
        """Describe a batch."""
        scaled = luminances_of(pixels)
        values = [_of_a_scale(scaled)]
        for _ in range(PHOTO_SCALES - 1):
            scaled = tf.nn.avg_pool2d(scaled, 2, 2, "VALID")
            values.append(_of_a_scale(scaled))
        return tf.concat(values, -1)[:, tf.newaxis, tf.newaxis]


def luminances_of(pixels: tf.Tensor) -> tf.Tensor:
    """Luminance, float32 `[N, H, W, 1]` in [0, 255], of RGB pixel values `[N, H, W, 3]`."""
    channels = tf.split(tf.cast(pixels, tf.float32), 3, axis=-1)
    return tf.add_n([weight * channel for weight, channel in zip(LUMINANCE_OF_RGB, channels)])


def mean_over_positions(values: tf.Tensor) -> tf.Tensor:
    """`[N, H, W, C]` -> `[N, C]`; row by row, as one sum of 200,000 values is not exact everywhere."""
    return tf.reduce_mean(tf.reduce_mean(values, 2), 1)


def mscn(luminances: tf.Tensor) -> tf.Tensor:
    """Mean subtracted contrast normalised coefficients (Eq. 1 to 3).

    Args:
        luminances: float32 `[N, H, W, 1]` in [0, 255].

    Returns:
        float32 `[N, H - 6, W - 6, 1]`, about 0.
    """
    # An equal step for all pixels changes nothing, but the squares are smaller.
    centred = luminances - mean_over_positions(luminances)[:, tf.newaxis, tf.newaxis]
    mean = _local_mean(centred)
    variance = tf.maximum(_local_mean(centred**2) - mean**2, 0.0)
    inside = centred[:, WINDOW_RADIUS:-WINDOW_RADIUS, WINDOW_RADIUS:-WINDOW_RADIUS]
    return (inside - mean) / (tf.sqrt(variance + FLAT) + STABILISER)


def _local_mean(values: tf.Tensor) -> tf.Tensor:
    weights = np.exp(-0.5 * (np.arange(-WINDOW_RADIUS, WINDOW_RADIUS + 1) / WINDOW_SIGMA) ** 2)
    weights /= weights.sum()
    for axis in (1, 2):
        length = values.shape[axis] - 2 * WINDOW_RADIUS
        shifted = (_stretch(values, axis, start, length) for start in range(2 * WINDOW_RADIUS + 1))
        values = tf.add_n([weight * part for weight, part in zip(weights.tolist(), shifted)])
    return values


def _stretch(values: tf.Tensor, axis: int, start: int, length: int) -> tf.Tensor:
    stretch = slice(start, start + length)
    return values[:, stretch] if axis == 1 else values[:, :, stretch]


def _of_a_scale(luminances: tf.Tensor) -> tf.Tensor:
    coefficients = mscn(luminances)
    _, height, width, _ = coefficients.shape
    fits = [_gaussian_fit(coefficients)]
    for down, right in NEIGHBOURS:
        left = max(0, -right)
        own = coefficients[:, : height - down, left : width - max(0, right)]
        other = coefficients[:, down:, left + right : width + min(0, right)]
        fits.append(_asymmetric_fit(own * other))
    return tf.concat(fits, -1)


def _gaussian_fit(values: tf.Tensor) -> tf.Tensor:
    """Shape and variance of a generalised Gaussian by moment matching (Eq. 4 to 6): `[N, 2]`."""
    square, absolute = mean_over_positions(values**2), mean_over_positions(tf.abs(values))
    shape = shape_of(tf.math.log((square + FLAT) / (absolute**2 + FLAT)))
    return tf.concat([shape, square], -1)


def _asymmetric_fit(values: tf.Tensor) -> tf.Tensor:
    """Shape, mean, left and right variance of an asymmetric one (Eq. 7 to 12): `[N, 4]`.

    After Lasmar, Stitou and Berthoumieu, "Multiscale skewed heavy tailed model for texture analysis", 2009.
    """
    square, absolute = mean_over_positions(values**2), mean_over_positions(tf.abs(values))
    left, right = _mean_square_above_0(-values), _mean_square_above_0(values)
    skew = tf.sqrt((left + FLAT) / (right + FLAT))
    symmetric = (skew**3 + 1) * (skew + 1) / (skew**2 + 1) ** 2
    ratio = tf.math.log((square + FLAT) / ((absolute**2 + FLAT) * symmetric))
    # Gamma(2 / shape) / sqrt(Gamma(1 / shape) Gamma(3 / shape)), the mean's factor, is the ratio itself.
    factor = tf.exp(-0.5 * tf.clip_by_value(ratio, *_ratios_of([LARGEST_SHAPE, SMALLEST_SHAPE])))
    mean = (tf.sqrt(right + FLAT) - tf.sqrt(left + FLAT)) * factor
    return tf.concat([shape_of(ratio), mean, left, right], -1)


def _mean_square_above_0(values: tf.Tensor) -> tf.Tensor:
    share = mean_over_positions(tf.cast(values > 0, tf.float32))
    return mean_over_positions(tf.maximum(values, 0.0) ** 2) / tf.maximum(share, FLAT)


def shape_of(ratios: tf.Tensor) -> tf.Tensor:
    """The shape of a generalised Gaussian by its moments.

    Args:
        ratios: float32 `[N, 1]`: the logarithm of E[x^2] / E[|x|]^2, which for shape s is
            Gamma(1 / s) Gamma(3 / s) / Gamma(2 / s)^2.

    Returns:
        float32 `[N, 1]` in [0.2, 10], with an error of less than 0.001: the inverse by straight lines between
        512 knots. They are written as a sum of clipped parts, which every device and format has.
    """
    shapes = np.geomspace(LARGEST_SHAPE, SMALLEST_SHAPE, KNOTS)
    knots = np.array(_ratios_of(shapes))
    widths, slopes = np.diff(knots), np.diff(shapes) / np.diff(knots)
    above = tf.maximum(ratios - tf.constant(knots[:-1], tf.float32), 0.0)
    parts = tf.minimum(above, tf.constant(widths, tf.float32)) * tf.constant(slopes, tf.float32)
    return LARGEST_SHAPE + tf.reduce_sum(parts, -1, keepdims=True)


def _ratios_of(shapes: Any) -> list[float]:
    gamma = math.lgamma
    return [gamma(1 / shape) + gamma(3 / shape) - 2 * gamma(2 / shape) for shape in shapes]
