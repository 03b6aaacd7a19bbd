"""What every operation promises about the images it takes."""

from __future__ import annotations

import tensorflow as tf


def checked(images: tf.Tensor, *dtypes: tf.DType) -> tuple[tf.Tensor, int, int]:
    """Check a batch of images and return it with its height and width.

    Args:
        images: `[N, H, W, 3]`; N may be unknown while a graph is built, H and W may not.
        *dtypes: the types that the operation takes; float32 if none is given.

    Raises:
        ValueError: wrong type, rank, number of channels, or H or W unknown.
    """
    images = tf.convert_to_tensor(images)
    allowed = dtypes or (tf.float32,)
    if images.dtype not in allowed:
        names = " or ".join(dtype.name for dtype in allowed)
        raise ValueError(f"images are {images.dtype.name}: expected {names}")
    shape = images.shape
    if shape.rank != 4 or shape[3] != 3 or shape[1] is None or shape[2] is None:
        raise ValueError(f"images have shape {shape}: expected [N, H, W, 3] with known H and W")
    return images, int(shape[1]), int(shape[2])


def drawn_towards(images: tf.Tensor, gray: tf.Tensor, factor: float) -> tf.Tensor:
    """Shrink the distance of every value to a gray to `factor` of what it was.

    Raises:
        ValueError: a factor below 0 or above 1.
    """
    if not 0 <= factor <= 1:
        raise ValueError(f"factor is {factor}: expected 0 to 1")
    return gray + factor * (images - gray)
