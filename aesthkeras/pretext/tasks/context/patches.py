"""Patches and pairs of the context task (Doersch et al., ICCV 2015): cut, coarsened, without colour.

Batched, pure TensorFlow, stateless randomness from explicit seeds.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from aesthkeras.degradations.downsampling import area_weights
from aesthkeras.encoders.pixels import IMAGENET_DEVIATION, IMAGENET_MEAN

# Row and column of the second patch relative to the first, in reading order.
POSITIONS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
POSITION_NAMES = (  # in the same order
    "upper_left",
    "above",
    "upper_right",
    "left",
    "right",
    "lower_left",
    "below",
    "lower_right",
)
SMALLEST_EDGE = 10  # 100 pixels in all
COARSENED_SHARE = 1 / 3
NOISE = 0.01  # deviation of the dropped channels, relative to that of the one kept
CHANNEL_GAIN = 3**0.5  # see `drop_colours`


def neighbour_pairs(grid: int) -> np.ndarray:
    """All pairs of neighbours in a grid, each in both orders, as in cdoersch/deepcontext.

    Args:
        grid: patches along an edge, at least 2.

    Returns:
        int32 `[pairs, 3]`: first and second patch in reading order, and the index into `POSITIONS` of where
        the second lies. 12 pairs of 4 patches, 40 of 9.
    """
    inside = range(grid)
    return np.array(
        [
            (row * grid + column, (row + down) * grid + column + right, index)
            for row in inside
            for column in inside
            for index, (down, right) in enumerate(POSITIONS)
            if row + down in inside and column + right in inside
        ],
        np.int32,
    )


def cut_grid(squares: tf.Tensor, grid: int, patch: int, gap: int, shifts: tf.Tensor) -> tf.Tensor:
    """The patches of a grid in the middle of a square.

    Args:
        squares: `[B, S, S, 3]`, any type; S is at least the grid's patches, gaps and twice the largest shift.
        grid: patches along an edge.
        patch: edge of a patch in pixels.
        gap: pixels between two patches of the grid.
        shifts: int32 `[B, grid^2, 2]`, rows and columns by which each patch is shifted.

    Returns:
        `[B, grid^2, patch, patch, 3]` in the type of the squares, in reading order.
    """
    margin = (squares.shape[1] - grid * patch - (grid - 1) * gap) // 2
    cells = tf.constant([(row, column) for row in range(grid) for column in range(grid)])
    corners = margin + cells * (patch + gap) + shifts
    pixels = corners[..., tf.newaxis] + tf.range(patch)
    levels = tf.cast(squares, tf.float32)  # no GPU kernel gathers uint8
    rows = tf.gather(levels, pixels[:, :, 0], axis=1, batch_dims=1)
    return tf.cast(tf.gather(rows, pixels[:, :, 1], axis=3, batch_dims=2), squares.dtype)


def resize_weights(size: int, target: int) -> np.ndarray:
    """The matrix that resizes a row of pixels as photos are resized (down by area, up bilinear).

    Returns:
        float32 `[target, size]`.
    """
    if target < size:
        return area_weights(size, target)
    with tf.init_scope():  # eagerly, even while tf.data traces a graph
        return tf.image.resize(tf.eye(size)[:, :, tf.newaxis], [target, size], "bilinear")[..., 0].numpy()


def coarsening_weights(patch: int, target: int) -> np.ndarray:
    """For each edge from 10 to `patch` the matrix that shrinks a row of pixels to it, then resizes it.

    Returns:
        float32 `[patch - 9, target, patch]`; the last one is a plain resize to the encoder's input.
    """
    shrunk = range(SMALLEST_EDGE, patch + 1)
    return np.stack([resize_weights(edge, target) @ resize_weights(patch, edge) for edge in shrunk])


def draw_coarseness(count: tf.Tensor, patch: int, seed: tf.Tensor) -> tf.Tensor:
    """Indices int32 `[count]` into `coarsening_weights`: a third is coarsened, to a uniform pixel count."""
    chosen, uniform = tf.unstack(tf.random.stateless_uniform([2, count], seed))
    pixels = SMALLEST_EDGE**2 + uniform * (patch**2 - SMALLEST_EDGE**2)
    edges = tf.cast(tf.sqrt(pixels), tf.int32)
    return tf.where(chosen < COARSENED_SHARE, edges, patch) - SMALLEST_EDGE


def resize_channels(channels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """Resizes each patch by its own matrix: float32 `[N, P, P]`, `[N, T, P]` -> `[N, T, T]`."""
    return tf.matmul(weights, tf.matmul(channels, weights, transpose_b=True))


def pick_channels(patches: tf.Tensor, kept: tf.Tensor) -> tf.Tensor:
    """One channel of each patch: `[N, P, P, 3]` and which, int32 `[N]` -> float32 `[N, P, P]`."""
    levels = tf.cast(patches, tf.float32)
    return tf.gather(tf.transpose(levels, [0, 3, 1, 2]), kept, batch_dims=1)


def drop_colours(channels: tf.Tensor, kept: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """RGB with one channel only, at mean 0 and a fixed deviation; faint noise in the other two.

    Chromatic aberration grows towards the corners of a photo and gives the position away, so no two channels
    are kept. As in the authors' code, the contrast is the same in every patch.

    As there, too, the deviation of the one channel is such that the mean square over all three is that of a
    usual photo. So the first convolution responds as strongly as it does to whole photos later: on these its
    deviation was 0.97 of that in training, after 60,000 images.

    Args:
        channels: float32 `[N, T, T]`, values in [0, 255].
        kept: int32 `[N]`, the channel of the result that each becomes.
        seed: int `[2]`.

    Returns:
        float32 `[N, T, T, 3]`, pixel values which may lie outside [0, 255]. `PixelStandardization` makes of
        them one channel of mean 0 and mean square 3, and two of noise.
    """
    centred = channels - tf.reduce_mean(channels, axis=[1, 2], keepdims=True)
    # a patch of one colour stays flat: a deviation below one of 256 levels is not enlarged
    deviation = tf.maximum(tf.sqrt(tf.reduce_mean(tf.square(centred), axis=[1, 2], keepdims=True)), 1.0)
    spread = NOISE * 3**0.5
    noise = tf.random.stateless_uniform(tf.concat([tf.shape(channels), [3]], 0), seed, -spread, spread)
    is_kept = tf.one_hot(kept, 3, on_value=True, off_value=False)[:, tf.newaxis, tf.newaxis]
    standardized = tf.where(is_kept, (centred / deviation)[..., tf.newaxis], noise)
    scale = CHANNEL_GAIN * 255.0 * tf.constant(IMAGENET_DEVIATION)
    return standardized * scale + 255.0 * tf.constant(IMAGENET_MEAN)


def visible(views: np.ndarray) -> np.ndarray:
    """The result of `drop_colours` as a picture: uint8, the kept channel around medium gray."""
    mean, deviation = np.array(IMAGENET_MEAN), np.array(IMAGENET_DEVIATION)
    standardized = (views / 255 - mean) / deviation / CHANNEL_GAIN
    return np.clip(np.round(127.5 + 50 * standardized), 0, 255).astype(np.uint8)
