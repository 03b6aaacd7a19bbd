"""Rectangles of random size and shape, as photos are cut for RotNet and for classifiers of ImageNet.

`RandomSizedCrop` of torchvision 0.2, now `RandomResizedCrop` (Szegedy et al., CVPR 2015).
"""

from __future__ import annotations

import tensorflow as tf

SMALLEST_SHARE = 0.08  # of the photo's area; all of it at most
NARROWEST = 3 / 4  # width by height; the inverse at most
TRIES = 10


def random_rectangle(shape: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Draw a rectangle inside a photo.

    Its share of the area and its shape are uniform; of ten draws the first that fits is taken. Where none
    does, it is the square in the middle.

    Args:
        shape: int32 [2], height and width of the photo.
        seed: integer [2].

    Returns:
        Top, left, height and width, int32 [].
    """
    share, narrow, turn, *corner = tf.unstack(tf.random.stateless_uniform([5, TRIES], seed))
    area = (SMALLEST_SHARE + (1 - SMALLEST_SHARE) * share) * tf.cast(tf.reduce_prod(shape), tf.float32)
    narrow = NARROWEST + (1 / NARROWEST - NARROWEST) * narrow
    edges = tf.stack([tf.sqrt(area / narrow), tf.sqrt(area * narrow)], axis=1)
    edges = tf.where(turn[:, tf.newaxis] < 0.5, edges[:, ::-1], edges)
    sizes = tf.cast(tf.round(edges), tf.int32)
    fits = tf.reduce_all(sizes <= shape, axis=1)
    first = tf.argmax(tf.cast(fits, tf.int32))
    shorter = tf.reduce_min(shape)
    size = tf.where(fits[first], sizes[first], tf.stack([shorter, shorter]))
    chance = tf.where(fits[first], tf.stack(corner)[:, first], 0.5)
    # chance * places may be rounded up to places
    place = tf.minimum(tf.cast(chance * tf.cast(shape - size + 1, tf.float32), tf.int32), shape - size)
    return (*tf.unstack(place), *tf.unstack(size))


def resized_to_square(pixels: tf.Tensor, edge: int) -> tf.Tensor:
    """Resize by antialiased bilinear interpolation, as Pillow does: uint8 [H, W, 3] -> uint8 [E, E, 3]."""
    resized = tf.image.resize(pixels, [edge, edge], "bilinear", antialias=True)
    return tf.cast(tf.round(resized), tf.uint8)
