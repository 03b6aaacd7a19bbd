"""Which regions of a photo raise its score and which lower it."""

from __future__ import annotations

import io

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from aesthkeras.networks.heads import SCORE
from aesthkeras.networks.settings import PLACELESS

FOR, AGAINST = (0, 158, 115), (213, 94, 0)  # green and orange of Okabe and Ito 2008
MOST_OPAQUE = 205  # of 255: the photo stays visible beneath the strongest colour
# The percentile with the full colour: the strongest cell of all may be a thousand times as strong.
FULL_COLOUR = 95
MAXIMUM_POOLINGS = ("max", *PLACELESS)
# A cell saw more than its own place: conv1's sees 11 pixels, and the next cell begins 4 pixels on.
SEEN_BY_A_CELL = np.outer([1, 2, 1], [1, 2, 1]).astype(np.float32)[:, :, np.newaxis, np.newaxis]


def contributions(model: keras.Model, pixels: tf.Tensor) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
    """Score a batch and attribute the score to regions: gradient times activation, summed over channels.

    The element-wise product is HiResCAM's (Draelos and Carin 2020, arXiv:2011.08891), with its sign kept. The
    activations are those of the earliest block with a map that the scorer reads. Everything that it reads of
    that encoder passes through it; what encoders beside it say (`side_by_side`) is in no map.
    A maximum has its whole gradient in one cell: where blocks are pooled so, what a cell contributes is
    spread over its neighbours, whose places it saw too. The sum stays the same.

    Args:
        model: what ``Export.scoring_model`` returned.
        pixels: uint8 ``[N, S, S, 3]``.

    Returns:
        The model's outputs, and float32 ``[N, rows, columns]``: positive where a region raises the score.
    """
    blocks = _attributed_blocks(model)
    # Only the pixels are watched: gradients of the weights are not needed.
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        pixels = tf.cast(pixels, tf.float32)
        tape.watch(pixels)
        outputs = model(pixels, training=False)
        score = tf.reduce_sum(outputs[SCORE])
    gradients = tape.gradient(score, [outputs[name] for name in blocks])
    # of another encoder than the embedding's there is no gradient
    block, gradient = next((name, found) for name, found in zip(blocks, gradients) if found is not None)
    heat = tf.reduce_sum(gradient * outputs[block], axis=-1)
    scorer = model.get_layer("scorer")
    is_of_maxima = block in scorer.input and scorer.get_layer("description").pooling in MAXIMUM_POOLINGS
    return outputs, _spread(heat) if is_of_maxima else heat


def _spread(heat: tf.Tensor) -> tf.Tensor:
    """Each cell's value shared out over 3 x 3 cells, fewer at the edge: ``[N, rows, columns]``."""
    maps = heat[..., tf.newaxis]
    inside = tf.nn.conv2d(tf.ones_like(maps), SEEN_BY_A_CELL, 1, "SAME")
    return tf.nn.conv2d(maps / inside, SEEN_BY_A_CELL, 1, "SAME")[..., 0]


def heat_picture(heat: np.ndarray) -> bytes:
    """Draw a map as a PNG with one pixel a cell, to be enlarged smoothly and laid over the photo.

    Green raises the score, orange lowers it. Of the cells that do either, the strongest twentieth has the
    full colour; a cell half as strong as the weakest of these has half of it.

    Args:
        heat: float32 ``[rows, columns]``, as `contributions` returns it.
    """
    strength = np.abs(heat)
    felt = strength[strength > 0]
    full = np.percentile(felt, FULL_COLOUR, method="higher") if felt.size else 1.0
    opacity = np.round(np.minimum(strength / full, 1) * MOST_OPAQUE)
    colours = np.where(heat[..., np.newaxis] > 0, FOR, AGAINST)
    picture = np.concatenate([colours, opacity[..., np.newaxis]], axis=-1).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(picture, "RGBA").save(out, "PNG")
    return out.getvalue()


def _attributed_blocks(model: keras.Model) -> list[str]:
    """The first block with a map that the scorer reads; where it reads none, all with maps, the last first.

    Blocks of one position, such as statistics of the photo, are taken where there are no others.
    """
    sizes = {name: output.shape[1] for name, output in model.output.items() if len(output.shape) == 4}
    maps = [name for name, size in sizes.items() if size > 1] or list(sizes)
    read = [name for name in maps if name in model.get_layer("scorer").input]
    return read[:1] or maps[::-1]
