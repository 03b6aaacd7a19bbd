"""Wrong exposure: brightness scaled by a factor (Table 1, "Poor lighting")."""

from __future__ import annotations

import tensorflow as tf

from aesthkeras.degradations.contract import checked


def apply(
    images: tf.Tensor, factor: float, seed: tf.Tensor | None = None, white: float = 1.0
) -> tf.Tensor:
    """Multiply every value by a factor and clip at white.

    Args:
        images: float32 `[N, H, W, 3]` in [0, white].
        factor: above 0; below 1 darkens, above 1 brightens.
        seed: unused; here so that all operations are called alike.
        white: the value of white in `images`.

    Returns:
        float32 `[N, H, W, 3]` in [0, white].

    Raises:
        ValueError: a factor of 0 or less, or images of the wrong type or shape.
    """
    images, _, _ = checked(images)
    if factor <= 0:
        raise ValueError(f"factor is {factor}: expected more than 0")
    scaled = images * factor
    return scaled if factor <= 1 else tf.minimum(scaled, white)
