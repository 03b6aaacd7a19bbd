"""Colour quantization to a small number of levels per channel (Table 1, "Soft / Grainy")."""

from __future__ import annotations

import tensorflow as tf

from aesthkeras.degradations.contract import checked


def apply(
    images: tf.Tensor, levels: float, seed: tf.Tensor | None = None, white: float = 1.0
) -> tf.Tensor:
    """Round every value to the nearest of `levels` evenly spaced levels from 0 to white, both included.

    Args:
        images: float32 `[N, H, W, 3]` in [0, white].
        levels: an integer of at least 2.
        seed: unused; here so that all operations are called alike.
        white: the value of white in `images`.

    Returns:
        float32 `[N, H, W, 3]` in [0, white].

    Raises:
        ValueError: fewer than 2 levels, or images of the wrong type or shape.
    """
    images, _, _ = checked(images)
    if levels < 2 or levels != int(levels):
        raise ValueError(f"levels is {levels}: expected an integer of at least 2")
    step = white / (levels - 1)
    return tf.round(images * (1.0 / step)) * step
