"""Colours as classes (Zhang, Isola and Efros, ECCV 2016, section 2): bins, soft encoding, rebalancing.

The bins are a grid over the ab plane of CIE Lab, those that sRGB can show; they are computed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import tensorflow as tf
from scipy.spatial import ConvexHull, cKDTree

from aesthkeras.encoders.lab import color, lightness

try:
    import tensorflow_io as tfio
except ImportError:  # there is none for Python 3.12 and newer
    tfio = None

COLOR_BINS = 313
STEP = 10  # of the grid
NEIGHBORS, SIGMA = 10, 5.0  # of the soft encoding
UNIFORM = 0.5  # lambda of Eq. 4: the share of the uniform distribution in the smoothed prior
TEMPERATURE = 0.38  # of the annealed mean, Eq. 5
GRAY = 5.0  # a photo whose |a| and |b| never exceed this has no colour to learn from
REACH = 110  # no colour of sRGB has a larger |a| or |b|


@lru_cache(maxsize=1)
def gamut_bins() -> np.ndarray:
    """The ab values of the bins, sorted by a and then by b; float32 `[313, 2]`.

    They are the corners of all grid cells that the convex hull of sRGB's ab values touches: the same set that
    richzhang/colorization ships as `pts_in_hull`.
    """
    steps = np.linspace(0, 255, 33, dtype=np.float32)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1)
    with tf.init_scope():  # eagerly, even when it is first called in a tf.data graph
        shown = color(cube).numpy().reshape(-1, 2).astype(np.float64)
    # A point is a corner of a touched cell if the hull, grown by one step to all sides, contains it.
    sides = [np.array(side) for side in ((-STEP, -STEP), (-STEP, STEP), (STEP, -STEP), (STEP, STEP))]
    grown = ConvexHull(np.concatenate([shown + side for side in sides])).equations
    values = np.arange(-REACH - STEP, REACH + STEP + 1, STEP)
    grid = np.stack(np.meshgrid(values, values, indexing="ij"), axis=-1).reshape(-1, 2)
    inside = (grid @ grown[:, :2].T + grown[:, 2]).max(axis=1) <= 0
    return grid[inside].astype(np.float32)


@lru_cache(maxsize=1)
def _nearest_bins() -> np.ndarray:
    """The bins nearest to each whole (a, b), the nearest first; int32 `[(2 REACH + 1)**2, NEIGHBORS]`."""
    values = np.arange(-REACH, REACH + 1)
    whole = np.stack(np.meshgrid(values, values, indexing="ij"), axis=-1).reshape(-1, 2)
    _, nearest = cKDTree(gamut_bins()).query(whole, NEIGHBORS)
    return nearest.astype(np.int32)


def lab_of(pixels: tf.Tensor) -> tf.Tensor:
    """CIE Lab of sRGB, by tensorflow-io where it is installed, or else by the encoder's own arithmetic.

    The two differ by less than 0.001.

    Args:
        pixels: uint8 `[..., 3]`.

    Returns:
        float32 `[..., 3]`: L in [0, 100], a in about [-86, 98], b in about [-108, 94].
    """
    if tfio is None:
        return tf.concat([lightness(pixels), color(pixels)], axis=-1)
    return tfio.experimental.color.rgb_to_lab(tf.cast(pixels, tf.float32) / 255.0)


def soft_encoding(ab: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The ten nearest bins of each colour, weighted by a Gaussian of sigma 5 (section 2.1 of the paper).

    The ten are looked up for the colour rounded to whole numbers, so the tenth may be another one (it weighs
    less than 0.01). The weights are computed from the colour itself.

    Args:
        ab: float32 `[..., 2]`.

    Returns:
        int32 `[..., 10]`, indices into `gamut_bins()`, and float32 `[..., 10]`, which add up to 1.
    """
    whole = tf.cast(tf.clip_by_value(tf.round(ab), -REACH, REACH), tf.int32) + REACH
    bins = tf.gather(_nearest_bins(), whole[..., 0] * (2 * REACH + 1) + whole[..., 1])
    distances = tf.reduce_sum(tf.square(ab[..., tf.newaxis, :] - tf.gather(gamut_bins(), bins)), axis=-1)
    return bins, tf.nn.softmax(distances * (-0.5 / SIGMA**2))


def rebalancing_weights(prior: Sequence[float]) -> np.ndarray:
    """Eq. 4: the weight of each bin, from how often it occurs.

    Args:
        prior: `[bins]`, the (smoothed) share of each bin among the colours of the photos; adds up to 1.

    Returns:
        `w = 1 / ((1 - lambda) p + lambda / bins)`, scaled so that `sum(p w) = 1`; float64 `[bins]`.
    """
    shares = np.asarray(prior, np.float64)
    weights = 1.0 / ((1.0 - UNIFORM) * shares + UNIFORM / len(shares))
    scaled: np.ndarray = weights / np.sum(shares * weights)
    return scaled


def color_targets(ab: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """The target at each position: the mean of its points' soft encodings, each times its weight.

    Args:
        ab: float32 `[..., P, 2]`, the colours of P points at each position.
        weights: float32 `[bins]`; a point has the weight of its nearest bin (Eq. 3).

    Returns:
        float32 `[..., bins]`, which adds up to the mean weight of the points.
    """
    bins, shares = soft_encoding(ab)
    nearest = tf.gather(bins, tf.argmax(shares, axis=-1), batch_dims=len(ab.shape) - 1)
    shares *= tf.gather(weights, nearest)[..., tf.newaxis] / ab.shape[-2]
    before = tf.shape(ab)[:-2]
    positions = tf.reduce_prod(before)
    indices = tf.reshape(bins, [positions, -1]) + COLOR_BINS * tf.range(positions)[:, tf.newaxis]
    shares = tf.reshape(shares, tf.shape(indices))
    sums = tf.math.unsorted_segment_sum(shares, indices, positions * COLOR_BINS)
    targets = tf.reshape(sums, tf.concat([before, [COLOR_BINS]], axis=0))
    return tf.ensure_shape(targets, [*ab.shape[:-2], COLOR_BINS])


def has_color(ab: tf.Tensor) -> tf.Tensor:
    """Whether |a| or |b| exceeds 5 anywhere in a photo: float32 `[B]`, 0 or 1, from `[B, ..., 2]`."""
    largest = tf.reduce_max(tf.abs(ab), axis=list(range(1, len(ab.shape))))
    return tf.cast(largest > GRAY, tf.float32)


def annealed_mean(logits: tf.Tensor) -> tf.Tensor:
    """Eq. 5: one colour per distribution, between its mode (T = 0) and its mean (T = 1) at T = 0.38.

    Args:
        logits: float32 `[..., bins]`.

    Returns:
        float32 `[..., 2]`, ab.
    """
    return tf.tensordot(tf.nn.softmax(logits / TEMPERATURE), gamut_bins(), axes=1)
