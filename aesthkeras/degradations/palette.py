"""A palette of few colours for each photo: k-means on its pixels, batched, the same on every device.

MacQueen's k-means (1967) as Heckbert's problem (SIGGRAPH 1982) is solved today. Pixels and colours are whole
numbers: every sum and product below is exact in float32, in TF32 too, so that no device or graph chooses
another colour. TensorFlow has a kernel for CPU and GPU of each operation.
"""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

SAMPLED = 4096
"""Pixels of a photo, on a grid, that its palette is made of; all of them gain 0.1 dB at most."""

ROUNDS = 10
"""Of k-means; further ones gain less than 0.1 dB."""

PIXELS_AT_ONCE = 2**14
"""Of each photo: their distances to all colours are held in memory."""

LUMINANCE = (299.0, 587.0, 114.0)  # in thousandths, ITU-R BT.601


def palettes(images: tf.Tensor, colours: int) -> tf.Tensor:
    """Find the colours that stand for all others of a photo with the least squared error, nearly.

    It begins with the colours at evenly spaced ranks of luminance.

    Args:
        images: float32 `[N, H, W, 3]`, whole numbers in [0, 255], with known H and W.
        colours: how many, at least 1.

    Returns:
        float32 `[N, colours, 3]`, whole numbers in [0, 255]; some may stand for no pixel.
    """
    stride = max(1, math.ceil(math.sqrt(images.shape[1] * images.shape[2] / SAMPLED)))
    grid = images[:, ::stride, ::stride]
    pixels = tf.reshape(grid, [-1, grid.shape[1] * grid.shape[2], 3])
    order = tf.argsort(tf.reduce_sum(pixels * LUMINANCE, axis=-1), axis=1)
    ranks = ((np.arange(colours) + 0.5) / colours * pixels.shape[1]).astype(np.int32)
    palette = tf.gather(pixels, tf.gather(order, ranks, axis=1), batch_dims=1)
    for _ in range(ROUNDS):
        members = tf.one_hot(nearest_colours(pixels, palette), colours)
        counts = tf.reduce_sum(members, axis=1)[..., tf.newaxis]
        means = tf.round(tf.math.divide_no_nan(tf.matmul(members, pixels, transpose_a=True), counts))
        palette = tf.where(counts > 0, means, palette)
    return palette


def nearest_colours(pixels: tf.Tensor, palette: tf.Tensor) -> tf.Tensor:
    """Which colour is nearest: float32 `[N, P, 3]` and `[N, K, 3]` -> int32 `[N, P]`, the first of equals."""
    # |p - c|^2 without |p|^2, which is the same for all colours
    closeness = tf.matmul(pixels, palette, transpose_b=True)
    closeness -= tf.reduce_sum(tf.square(palette), axis=-1)[:, tf.newaxis] / 2
    return tf.argmax(closeness, axis=-1, output_type=tf.int32)


def painted(images: tf.Tensor, palette: tf.Tensor) -> tf.Tensor:
    """Replace every pixel by the nearest colour of its photo's palette; no dithering.

    Args:
        images: float32 `[N, H, W, 3]` in [0, 255] with known H and W.
        palette: float32 `[N, K, 3]`.

    Returns:
        float32 `[N, H, W, 3]`.
    """
    height, width = images.shape[1:3]
    pixels = tf.reshape(images, [-1, height * width, 3])
    parts = [
        tf.gather(palette, nearest_colours(pixels[:, start : start + PIXELS_AT_ONCE], palette), batch_dims=1)
        for start in range(0, height * width, PIXELS_AT_ONCE)
    ]
    return tf.reshape(tf.concat(parts, axis=1), [-1, height, width, 3])
