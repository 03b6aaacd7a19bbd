"""What low contrast and pale colours share: every value drawn towards a gray."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from aesthkeras.degradations.layer import Degradation
from aesthkeras.settings import require


class TowardsGray(Degradation):
    """Shrink the distance of every value to a gray, which derived classes choose in `gray`.

    Args:
        factor: share of the distance that is left, from 0 to 1; no unit.
        **kwargs: those of `Degradation`.

    Raises:
        UsageError: a factor out of range.
    """

    arguments = ("factor",)

    def __init__(self, factor: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor
        require(self, "factor", 0 <= factor <= 1, "0 to 1")

    def gray(self, images: tf.Tensor) -> tf.Tensor:
        """The gray of each value of float32 `[N, H, W, 3]`; a tensor that can be broadcast to `images`."""
        raise NotImplementedError(f"{type(self).__name__}.gray: expected in every derived class")

    def edit(self, images: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
        """As `Degradation.edit`; the seed is not used."""
        images = tf.cast(images, tf.float32)
        gray = self.gray(images)
        return gray + self.factor * (images - gray)
