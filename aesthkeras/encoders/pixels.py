"""From RGB pixel values to what the first convolution sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

# Per-channel mean and standard deviation of ImageNet's training photos on [0, 1], as torchvision has them.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)


@keras.saving.register_keras_serializable(package="aesthkeras")
class PixelStandardization(keras.layers.Layer):
    """RGB pixel values to zero mean and unit deviation per channel: ``(x / 255 - mean) / deviation``.

    Args:
        mean: three channel means on [0, 1].
        deviation: three channel standard deviations on [0, 1].

    Call arguments:
        pixels: uint8 or floating ``[N, H, W, 3]``, RGB in [0, 255].

    Returns:
        ``[N, H, W, 3]`` in the layer's compute dtype, about [-2.2, 2.7] with the default numbers.
    """

    def __init__(
        self,
        mean: Sequence[float] = IMAGENET_MEAN,
        deviation: Sequence[float] = IMAGENET_DEVIATION,
        **kwargs: Any,
    ) -> None:
        # Keras would round the pixels to the compute dtype first: the arithmetic stays float32 up to the end.
        kwargs["autocast"] = False
        super().__init__(**kwargs)
        self.mean = tuple(float(value) for value in mean)
        self.deviation = tuple(float(value) for value in deviation)

    def call(self, pixels: tf.Tensor) -> tf.Tensor:
        """Standardise a batch."""
        scale = tf.constant([1.0 / (255.0 * value) for value in self.deviation], tf.float32)
        offset = tf.constant([-m / d for m, d in zip(self.mean, self.deviation)], tf.float32)
        return tf.cast(tf.cast(pixels, tf.float32) * scale + offset, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild the layer."""
        return {**super().get_config(), "mean": self.mean, "deviation": self.deviation}
