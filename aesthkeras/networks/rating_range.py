"""A rating that stays inside the range that `scorer.json` declares for it, whatever the scorer becomes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aesthkeras.networks.heads import RATING


@keras.saving.register_keras_serializable(package="aesthkeras")
class RatingRange(keras.layers.Layer):
    """Ratings ``[N]`` cut off at the ends of their range; inside they are what they were, to the bit.

    Args:
        low: the lowest rating there is.
        high: the highest one.
    """

    def __init__(self, low: float, high: float, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.low, self.high = float(low), float(high)
        exact = np.array([low, high], np.float64)
        bounds = exact.astype(np.float32)
        is_outside = (bounds - exact) * [-1, 1] > 0  # the nearest float32 may lie a bit beyond
        self.bounds = np.where(is_outside, np.nextafter(bounds, bounds[::-1]), bounds)

    def call(self, ratings: tf.Tensor) -> tf.Tensor:
        """Cut off a batch."""
        return tf.clip_by_value(ratings, *self.bounds)

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild the layer."""
        return {**super().get_config(), "low": self.low, "high": self.high}


def within_range(scorer: keras.Model, rating_range: Sequence[float] | None) -> keras.Model:
    """A scorer, a functional model to outputs by name, whose ``rating`` is cut off at the ends of a range.

    It is the one given where it has no rating, there is no range, or it is cut off already. The score is
    computed of the rating as it was.
    """
    is_inside = any(isinstance(layer, RatingRange) for layer in scorer.layers)
    if rating_range is None or RATING not in scorer.output or is_inside:
        return scorer
    rating = RatingRange(*rating_range, name=RATING)(scorer.output[RATING])
    return keras.Model(scorer.input, {**scorer.output, RATING: rating}, name=scorer.name)
