"""The few pixels of a photo that the rules of this room look at, taken in the graph that decodes it."""

from __future__ import annotations

import tensorflow as tf

from aesthkeras.culling.perceptual import THUMBNAIL

SQUARES = 8  # in each direction
SQUARE_EDGE = 32  # pixels; the shorter edge of a smaller photo


def glimpse(photo: tf.Tensor, resized: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return a small picture of the whole photo, and squares of its own pixels.

    Args:
        photo: uint8 [height, width, 3].
        resized: the same photo in any size, uint8 [height, width, 3].

    Returns:
        uint8 [32, 32, 3], `squeezed`; uint8 [64, E, E, 3], `spread_squares`.
    """
    return squeezed(resized), spread_squares(photo)


def squeezed(photo: tf.Tensor) -> tf.Tensor:
    """Squeeze a whole photo, uint8 [height, width, 3], into a square, uint8 [32, 32, 3]."""
    small = tf.image.resize(photo, [THUMBNAIL, THUMBNAIL], method="area")
    return tf.cast(tf.round(small), tf.uint8)


def spread_squares(photo: tf.Tensor) -> tf.Tensor:
    """Cut squares out of a photo, spread evenly from edge to edge; those of a small photo overlap.

    Args:
        photo: uint8 [height, width, 3].

    Returns:
        uint8 [64, E, E, 3] with E = 32, or the shorter edge where that is less.
    """
    edge = tf.minimum(SQUARE_EDGE, tf.reduce_min(tf.shape(photo)[:2]))
    rows, columns = (_places(tf.shape(photo)[axis], edge) for axis in (0, 1))
    cut = tf.gather(tf.gather(photo, rows), columns, axis=1)
    cut = tf.reshape(cut, [SQUARES, edge, SQUARES, edge, 3])
    return tf.reshape(tf.transpose(cut, [0, 2, 1, 3, 4]), [SQUARES**2, edge, edge, 3])


def _places(length: tf.Tensor, edge: tf.Tensor) -> tf.Tensor:
    """The rows, or columns, that the squares cover, int32 [8 E]."""
    starts = tf.range(SQUARES) * (length - edge) // (SQUARES - 1)
    return tf.reshape(starts[:, tf.newaxis] + tf.range(edge), [-1])
