"""Mixup: a linear blend with another photo (Table 1, "Distracting"; Zhang et al., ICLR 2018)."""

from __future__ import annotations

import tensorflow as tf

from aesthkeras.degradations.contract import checked


def partners_of(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Pair every image with another one of the batch.

    Args:
        images: `[N, ...]` of any type, at least `[N, H, W]`.
        seed: int32 `[2]`.

    Returns:
        The batch rolled by a random shift that is never 0; for a batch of one, the mirrored image.
    """
    count = tf.shape(images)[0]

    def rolled() -> tf.Tensor:
        shift = tf.random.stateless_uniform([], seed, 1, count, dtype=tf.int32)
        return tf.gather(images, (tf.range(count) + shift) % count)

    return tf.cond(count > 1, rolled, lambda: tf.reverse(images, [2]))


def apply(
    images: tf.Tensor, alpha: float, seed: tf.Tensor, partners: tf.Tensor | None = None
) -> tf.Tensor:
    """Blend every image with its partner: (1 - alpha) x image + alpha x partner.

    Args:
        images: float32 `[N, H, W, 3]` of any range.
        alpha: weight of the partner, from 0 to 1.
        seed: int32 `[2]`, used if `partners` is None.
        partners: as `images`; by default `partners_of(images, seed)`.

    Returns:
        float32 `[N, H, W, 3]` in the range of the images and partners.

    Raises:
        ValueError: alpha out of range, or images of the wrong type or shape.
    """
    images, _, _ = checked(images)
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha is {alpha}: expected 0 to 1")
    if partners is None:
        partners = partners_of(images, seed)
    return images + alpha * (partners - images)
