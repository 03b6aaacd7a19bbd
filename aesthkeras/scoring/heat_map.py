"""Which regions of a photo raise its score and which lower it."""

from __future__ import annotations

import io

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from aesthkeras.networks.heads import SCORE

FOR, AGAINST = (0, 158, 115), (213, 94, 0)  # green and orange of Okabe and Ito 2008
MOST_OPAQUE = 205  # of 255: the photo stays visible beneath the strongest colour


def contributions(model: keras.Model, pixels: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
    """Score a batch and attribute the score to regions: gradient times activation, summed over channels.

    The element-wise product is HiResCAM's (Draelos and Carin 2020, arXiv:2011.08891), with its sign kept. The
    activations are those of the earliest block that the scorer reads; everything it reads passes through it.

    Args:
        model: what ``Export.scoring_model`` returned.
        pixels: uint8 ``[N, S, S, 3]``.

    Returns:
        The model's outputs, and float32 ``[N, rows, columns]``: positive where a region raises the score.
    """
    block = _earliest_block(model)
    # Only the pixels are watched: gradients of the weights are not needed.
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        pixels = tf.cast(pixels, tf.float32)
        tape.watch(pixels)
        outputs = model(pixels, training=False)
        score = tf.reduce_sum(outputs[SCORE])
    return outputs, tf.reduce_sum(tape.gradient(score, outputs[block]) * outputs[block], axis=-1)


def heat_picture(heat: np.ndarray) -> bytes:
    """Draw a map as a PNG with one pixel a cell, to be enlarged smoothly and laid over the photo.

    Green raises the score, orange lowers it. The strongest region of the photo is the most opaque.

    Args:
        heat: float32 ``[rows, columns]``, as `contributions` returns it.
    """
    strongest = float(np.abs(heat).max()) or 1.0
    opacity = np.round(np.abs(heat) / strongest * MOST_OPAQUE)
    colours = np.where(heat[..., np.newaxis] > 0, FOR, AGAINST)
    picture = np.concatenate([colours, opacity[..., np.newaxis]], axis=-1).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(picture, "RGBA").save(out, "PNG")
    return out.getvalue()


def _earliest_block(model: keras.Model) -> str:
    """The first block that the scorer reads; the last of all where it reads the embedding alone."""
    blocks = [name for name, output in model.output.items() if len(output.shape) == 4]
    read = model.get_layer("scorer").input
    return next((name for name in blocks if name in read), blocks[-1])
