"""Mixup: a linear blend with another photo (Table 1, "Distracting"; Zhang et al., ICLR 2018)."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from aesthkeras.degradations.layer import Degradation
from aesthkeras.settings import require


@keras.saving.register_keras_serializable(package="aesthkeras")
class Mixup(Degradation):
    """Blend every photo with another one of the batch: (1 - alpha) x photo + alpha x partner.

    Table 1, attribute "Distracting": alphas 0.1 and 0.4. A photo that is alone is blended with its mirror
    image.

        blended = aesthkeras.degradations.Mixup(0.4)(photos)

    Args:
        alpha: weight of the partner, from 0 to 1; no unit.
        **kwargs: those of `Degradation`.

    Raises:
        UsageError: an alpha out of range.
    """

    arguments = ("alpha",)
    random = True

    def __init__(self, alpha: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha
        require(self, "alpha", 0 <= alpha <= 1, "0 to 1")

    def edit(self, images: tf.Tensor, seed: tf.Tensor | None, partners: tf.Tensor | None = None) -> tf.Tensor:
        """As `Degradation.edit`, with `partners` as `images`; by default `partners_of(images, seed)`."""
        if partners is None:
            partners = partners_of(images, seed)
        images = tf.cast(images, tf.float32)
        return images + self.alpha * (tf.cast(partners, tf.float32) - images)


def partners_of(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Pair every photo with another one of the batch.

    Args:
        images: `[N, H, W, 3]` of any type.
        seed: int32 `[2]`.

    Returns:
        The batch rolled by a random shift that is never 0; for a batch of one, the mirrored photo.
    """
    count = tf.shape(images)[0]

    def rolled() -> tf.Tensor:
        shift = tf.random.stateless_uniform([], seed, 1, count, dtype=tf.int32)
        return tf.gather(images, (tf.range(count) + shift) % count)

    return tf.cond(count > 1, rolled, lambda: tf.reverse(images, [2]))
