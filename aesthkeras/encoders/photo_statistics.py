"""What is measured of a photo without any training, as an encoder: natural-scene and colour statistics."""

from __future__ import annotations

import functools
from typing import Any

import keras
import tensorflow as tf

from aesthkeras.encoders.natural_scenes import Naturalness, luminances_of, mean_over_positions

NATURALNESS, COLOUR = "naturalness", "colour"
DARK, BRIGHT = 16.0, 239.0  # ends of the luminance that are called its tails, of 255


@keras.saving.register_keras_serializable(package="aesthkeras")
class Colour(keras.layers.Layer):
    """Eight simple values of a photo's colour, light and detail.

    In this order: mean and standard deviation of saturation, and of brightness, both as HSV has them, in
    [0, 1]; colourfulness (Hasler and Suesstrunk, "Measuring colourfulness in natural images", 2003), 0 for
    gray, 109 and more for extremely colourful; the logarithm of 1 plus the variance of the Laplacian of the
    luminance (four neighbours); the shares of pixels whose luminance is below 16 and above 239.

    Call arguments:
        pixels: uint8 or floating `[N, H, W, 3]`, RGB in [0, 255].

    Returns:
        float32 `[N, 1, 1, 8]`, finite, at least 0.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32", "autocast": False})

    def call(self, pixels: tf.Tensor) -> tf.Tensor:
        """Describe a batch."""
        pixels = tf.cast(pixels, tf.float32)
        red, green, blue = channels = tf.split(pixels, 3, axis=-1)
        high, low = functools.reduce(tf.maximum, channels), functools.reduce(tf.minimum, channels)
        saturation, brightness = (high - low) / tf.maximum(high, 1.0), high / 255
        light = luminances_of(pixels)
        shares = [tf.cast(light < DARK, tf.float32), tf.cast(light > BRIGHT, tf.float32)]
        values = [
            *_mean_and_deviation(saturation),
            *_mean_and_deviation(brightness),
            _colourfulness(red, green, blue),
            tf.math.log(1 + _mean_and_deviation(_laplacian(light))[1] ** 2),
            *map(mean_over_positions, shares),
        ]
        return tf.concat(values, -1)[:, tf.newaxis, tf.newaxis]


def _mean_and_deviation(values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    mean = mean_over_positions(values)
    spread = mean_over_positions((values - mean[:, tf.newaxis, tf.newaxis]) ** 2)
    return mean, tf.sqrt(spread)


def _colourfulness(red: tf.Tensor, green: tf.Tensor, blue: tf.Tensor) -> tf.Tensor:
    opponents = (_mean_and_deviation(red - green), _mean_and_deviation((red + green) / 2 - blue))
    means, deviations = zip(*opponents)
    lengths = [tf.sqrt(first**2 + second**2) for first, second in (deviations, means)]
    return lengths[0] + 0.3 * lengths[1]


def _laplacian(light: tf.Tensor) -> tf.Tensor:
    beside = light[:, 1:-1, :-2] + light[:, 1:-1, 2:]
    return beside + light[:, :-2, 1:-1] + light[:, 2:, 1:-1] - 4 * light[:, 1:-1, 1:-1]


def photo_statistics(input_size: int) -> keras.Model:
    """An encoder without weights: two blocks of one position each.

    Args:
        input_size: height and width S of the input in pixels, at least 32.

    Returns:
        A functional model from RGB pixel values in [0, 255], `[N, S, S, 3]`, to `naturalness`
        `[N, 1, 1, 36]` (`Naturalness`) and `colour` `[N, 1, 1, 8]` (`Colour`), float32.

    Raises:
        ValueError: the input is smaller than 32 pixels.
    """
    pixels = keras.Input((input_size, input_size, 3), name="pixels")
    outputs = {NATURALNESS: Naturalness(name=NATURALNESS)(pixels), COLOUR: Colour(name=COLOUR)(pixels)}
    return keras.Model(pixels, outputs, name="statistics")
