"""Haze: light scattered between scene and lens (beyond Table 1)."""

from __future__ import annotations

import tensorflow as tf

from aesthkeras.degradations.contract import checked

AIRLIGHT = 0.9
"""What an endlessly far scene would look like, as a share of white."""


def apply(
    images: tf.Tensor, density: float, seed: tf.Tensor | None = None, white: float = 1.0
) -> tf.Tensor:
    """Mix every value with the airlight: Koschmieder's law at one depth for the whole image.

    Args:
        images: float32 `[N, H, W, 3]` in [0, white].
        density: share of the airlight, from 0 to 1.
        seed: unused; here so that all operations are called alike.
        white: the value of white in `images`.

    Returns:
        float32 `[N, H, W, 3]` in [0, white].

    Raises:
        ValueError: a density out of range, or images of the wrong type or shape.
    """
    images, _, _ = checked(images)
    if not 0 <= density <= 1:
        raise ValueError(f"density is {density}: expected 0 to 1")
    return (1 - density) * images + density * AIRLIGHT * white
