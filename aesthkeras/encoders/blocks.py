"""What encoders are made of: seeded convolutions and dense layers with batch normalisation and ReLU."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import keras
import tensorflow as tf

from aesthkeras.errors import UsageError

layers = keras.layers

BLOCK_NAMES = ("conv1", "conv2", "conv3", "conv4", "conv5")
EMBEDDING = "embedding"
SMALLEST_INPUT = 96  # below this AlexNet's last pooling has nothing left to pool

# Statistics of the last few dozen steps: keras's 0.99 is not settled when a run of a few hundred steps ends.
BATCH_NORM_MOMENTUM = 0.9


def scaled_channels(channels: int, width: float) -> int:
    """Channels times width, rounded to the nearest multiple of 8 (what vector units like), at least 8."""
    return max(8, int(channels * width / 8 + 0.5) * 8)


def layer_seed(seed: int, name: str) -> int:
    """A seed in [0, 2**31) for one layer: differs by layer and model seed, the same in every process."""
    return zlib.crc32(f"{seed}/{name}".encode()) & 0x7FFFFFFF


def require_encoder(input_size: int, width: float, weight_decay: float) -> None:
    """Refuse arguments of an encoder that are out of range.

    Raises:
        UsageError: naming the argument.
    """
    if not width > 0:
        raise UsageError(f"width={width}: expected a channel multiplier above 0")
    if input_size < SMALLEST_INPUT:
        raise UsageError(f"input_size={input_size}: expected at least {SMALLEST_INPUT} pixels")
    if not weight_decay >= 0:
        raise UsageError(f"weight_decay={weight_decay}: expected 0 or more")


@dataclass(frozen=True)
class Block:
    """Makes layers that share one model seed and one weight decay.

    Args:
        seed: the model's seed; each layer draws its kernel from a seed of its own, derived from it and the
            layer's name.
        weight_decay: L2 in the gradient of every kernel, as Caffe and PyTorch have it: the gradient of
            ``l2(weight_decay / 2)`` is ``weight_decay * kernel``. Keras's own ``weight_decay`` is decoupled.
    """

    seed: int
    weight_decay: float

    def convolution(
        self,
        features: tf.Tensor,
        name: str,
        channels: int,
        kernel: int,
        stride: int = 1,
        padding: str = "same",
        relu: bool = True,
    ) -> tf.Tensor:
        """Convolution without bias -> batch normalisation -> ReLU; the last layer bears ``name``.

        Args:
            features: floating ``[N, H, W, C]``.
            name: name of the result; the layers before it are called after it.
            channels: output channels.
            kernel: kernel edge.
            stride: step in both directions.
            padding: ``same`` or ``valid``.
            relu: False ends the block with the batch normalisation.

        Returns:
            Floating ``[N, H', W', channels]``.
        """
        convolution = layers.Conv2D(
            channels,
            kernel,
            stride,
            padding,
            use_bias=False,
            name=f"{name}_convolution",
            **self._kernel(name),
        )
        return self._normalized(convolution(features), name, relu)

    def dense(self, features: tf.Tensor, name: str, units: int) -> tf.Tensor:
        """Dense layer without bias -> batch normalisation -> ReLU in float32; the last layer bears ``name``.

        Args:
            features: floating ``[N, C]``.
            name: name of the result.
            units: output values.

        Returns:
            float32 ``[N, units]``, >= 0.
        """
        dense = layers.Dense(units, use_bias=False, name=f"{name}_dense", **self._kernel(name))
        return self._normalized(dense(features), name, relu=True, dtype="float32")

    def _kernel(self, name: str) -> dict[str, object]:
        decay = keras.regularizers.l2(self.weight_decay / 2) if self.weight_decay else None
        initializer = keras.initializers.HeNormal(seed=layer_seed(self.seed, name))
        return {"kernel_initializer": initializer, "kernel_regularizer": decay}

    def _normalized(self, features: tf.Tensor, name: str, relu: bool, dtype: str | None = None) -> tf.Tensor:
        if not relu:
            return layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM, name=name, dtype=dtype)(features)
        normalization = layers.BatchNormalization(
            momentum=BATCH_NORM_MOMENTUM, name=f"{name}_normalization", dtype=dtype
        )
        return layers.ReLU(name=name, dtype=dtype)(normalization(features))
