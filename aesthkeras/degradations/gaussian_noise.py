"""Gaussian noise controlled by its variance (Table 1, "Much noise")."""

from __future__ import annotations

import math

import tensorflow as tf

from aesthkeras.degradations.contract import checked

# The standard deviation of a channel over ImageNet photos on [0, 1]: what "standardised" divides by.
STANDARD_DEVIATION = 0.226


def apply(
    images: tf.Tensor, variance: float, seed: tf.Tensor, scale: str = "standardised", white: float = 1.0
) -> tf.Tensor:
    """Add independent Gaussian noise to every value and clip.

    Args:
        images: float32 `[N, H, W, 3]` in [0, white].
        variance: of the noise, 0 or more.
        seed: int32 `[2]`.
        scale: `standardised` (sigma = sqrt(variance) x 0.226 of white) or `unit` (sqrt(variance) of white).
        white: the value of white in `images`.

    Returns:
        float32 `[N, H, W, 3]` in [0, white].

    Raises:
        ValueError: negative variance, unknown scale, or images of the wrong type or shape.
    """
    images, _, _ = checked(images)
    if variance < 0:
        raise ValueError(f"variance is {variance}: expected 0 or more")
    if scale not in ("standardised", "unit"):
        raise ValueError(f"scale is {scale!r}: expected standardised or unit")
    sigma = math.sqrt(variance) * white * (STANDARD_DEVIATION if scale == "standardised" else 1.0)
    noise = tf.random.stateless_normal(tf.shape(images), seed, stddev=sigma)
    return tf.clip_by_value(images + noise, 0.0, white)
