"""The points of a patch whose colours are predicted, and a predicted map as a picture again."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
import tensorflow_io as tfio
from scipy.ndimage import map_coordinates

from aesthkeras.encoders import conv5_centers
from aesthkeras.monitoring.pictures import titled_sheet
from aesthkeras.pretext.color_bins import annealed_mean
from aesthkeras.pretext.recipe import Recipe


def lab_at_positions(patches: tf.Tensor, recipe: Recipe) -> tf.Tensor:
    """CIE Lab of four points around the centre of each position of conv5.

    With AlexNet's stride of 16 they form a grid of stride 8, at which richzhang/colorization takes colours.

    Args:
        patches: uint8 `[B, crop, crop, 3]`.
        recipe: says which encoder sees them at what size.

    Returns:
        float32 `[B, H, W, 4, 3]`.
    """
    centers, stride = conv5_centers(recipe.encoder_name, recipe.crop)
    points = np.stack([centers - stride / 4, centers + stride / 4], axis=-1).ravel()
    pixels = np.clip(np.round(points), 0, recipe.crop - 1).astype(np.int32)
    grid = tf.gather(tf.gather(patches, pixels, axis=1), pixels, axis=2)
    split = tf.reshape(lab_of(grid), [-1, len(centers), 2, len(centers), 2, 3])
    grouped = tf.transpose(split, [0, 1, 3, 2, 4, 5])
    return tf.reshape(grouped, [-1, len(centers), len(centers), 4, 3])


def enlarged(maps: np.ndarray, recipe: Recipe) -> np.ndarray:
    """Values at the positions of conv5 to values at all pixels of the patch, bilinear, flat at the edges.

    Args:
        maps: float `[B, H, W, C]`.
        recipe: says which encoder made them at what size.

    Returns:
        float `[B, crop, crop, C]`.
    """
    centers, stride = conv5_centers(recipe.encoder_name, recipe.crop)
    place = (np.arange(recipe.crop) - centers[0]) / stride
    rows, columns = np.meshgrid(place, place, indexing="ij")
    places = [rows, columns]
    channels = [
        [map_coordinates(channel, places, order=1, mode="nearest") for channel in np.moveaxis(one, -1, 0)]
        for one in maps
    ]
    return np.moveaxis(np.array(channels), 1, -1)


def colorization(patches: tf.Tensor, logits: tf.Tensor, recipe: Recipe) -> dict[str, np.ndarray]:
    """Patches, their L alone, and the annealed mean of the predicted colours on that L.

    Args:
        patches: uint8 `[B, crop, crop, 3]`.
        logits: float32 `[B, H, W, 313]`.
        recipe: says which encoder made them at what size.

    Returns:
        `original`, `L alone` and `colours told`, uint8 `[B, crop, crop, 3]`.
    """
    lab = lab_of(patches).numpy()
    colored = np.concatenate([lab[..., :1], enlarged(annealed_mean(logits).numpy(), recipe)], axis=-1)
    return {"original": patches.numpy(), "L alone": pixels(lab * (1, 0, 0)), "colours told": pixels(colored)}


def relit(patches: tf.Tensor, logits: tf.Tensor, recipe: Recipe) -> np.ndarray:
    """The mean of the predicted lightness under the true colours.

    Args:
        patches: uint8 `[B, crop, crop, 3]`.
        logits: float32 `[B, H, W, bins]`, the bins being equal parts of [0, 100].
        recipe: says which encoder made them at what size.

    Returns:
        uint8 `[B, crop, crop, 3]`.
    """
    bins = logits.shape[-1]
    middles = (np.arange(bins, dtype=np.float32) + 0.5) * (100 / bins)
    mean = tf.reduce_sum(tf.nn.softmax(logits) * middles, axis=-1, keepdims=True)
    return pixels(np.concatenate([enlarged(mean.numpy(), recipe), lab_of(patches).numpy()[..., 1:]], axis=-1))


def sheet(columns: dict[str, np.ndarray]) -> np.ndarray:
    """A row per patch of the given versions of it, uint8 `[B, crop, crop, 3]` by title; for TensorBoard."""
    views = np.stack(list(columns.values()), axis=1)
    return titled_sheet(views, [list(columns)] * len(views))


def lab_of(patches: tf.Tensor) -> tf.Tensor:
    """CIE Lab, float32 `[..., 3]`, of uint8 RGB."""
    return tfio.experimental.color.rgb_to_lab(tf.cast(patches, tf.float32) / 255.0)


def pixels(lab: np.ndarray) -> np.ndarray:
    """uint8 RGB of CIE Lab `[..., 3]`; what sRGB cannot show is clipped."""
    rgb = tfio.experimental.color.lab_to_rgb(tf.constant(lab, tf.float32)).numpy()
    values: np.ndarray = np.round(255.0 * np.clip(rgb, 0, 1)).astype(np.uint8)
    return values
