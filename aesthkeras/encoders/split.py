"""Two encoders side by side, one for lightness and one for colour: the trunk of split-brain, for any task.

Zhang, Isola and Efros (CVPR 2017) split the photo so that each half can predict the other. Probes on such an
encoder predict ratings better than probes on one that sees RGB, even without any training (RESULTS.md).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from aesthkeras.encoders.alexnet import AlexNet
from aesthkeras.encoders.blocks import layer_seed
from aesthkeras.encoders.lab import COLOR, LIGHTNESS, LabStandardization


@keras.saving.register_keras_serializable(package="aesthkeras")
class ChannelShare(keras.layers.Layer):
    """One of several equal shares of the channels: floating `[..., C]` -> `[..., C / shares]`.

    Args:
        index: which, from 0.
        shares: how many there are; they divide C.
    """

    def __init__(self, index: int, shares: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.index, self.shares = index, shares

    def call(self, values: tf.Tensor) -> tf.Tensor:
        """Cut the share out of a batch."""
        return tf.split(values, self.shares, axis=-1)[self.index]

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild the layer."""
        return {**super().get_config(), "index": self.index, "shares": self.shares}


def split_encoder(build: Callable[..., keras.Model], input_size: int, seed: int, name: str) -> keras.Model:
    """Two encoders and their outputs, concatenated by channel, those of lightness first.

    Args:
        build: makes one of them from `seed` and `preprocessing`.
        input_size: height and width S of the input in pixels.
        seed: decides the seeds of both.
        name: of the model.

    Returns:
        A functional model from RGB pixel values in [0, 255], `[N, S, S, 3]`, to the outputs that both have.
    """
    pixels = keras.Input((input_size, input_size, 3), name="pixels")
    halves = []
    for channels in (LIGHTNESS, COLOR):
        preprocessing = LabStandardization(channels, name="standardized")
        half = build(seed=layer_seed(seed, channels), preprocessing=preprocessing)
        halves.append(keras.Model(half.input, half.output, name=f"sees_{channels}")(pixels))
    outputs = {
        block: keras.layers.Concatenate(name=block, dtype=output.dtype)([half[block] for half in halves])
        for block, output in halves[0].items()
    }
    return keras.Model(pixels, outputs, name=name)


def AlexNetLab(  # noqa: N802, as in keras.applications
    input_size: int = 227,
    width: float = 1.0,
    *,
    seed: int = 0,
    weight_decay: float = 5e-4,
    preprocessing: keras.layers.Layer | None = None,
) -> keras.Model:
    """Two AlexNets of half the width, one seeing L and the other a and b of CIE Lab.

    Args:
        input_size: height and width of the input in pixels, at least 96.
        width: channels of both together, as for `AlexNet`.
        seed: equal seeds give equal weights.
        weight_decay: L2 in the gradient of each kernel; 0 for none.
        preprocessing: must be None.

    Returns:
        As `AlexNet`, but `embedding` has 1024 values.

    Raises:
        ValueError: there is a preprocessing.
    """
    if preprocessing is not None:
        raise ValueError(f"preprocessing is {preprocessing}: expected None, each half has its own")

    def half(seed: int, preprocessing: keras.layers.Layer) -> keras.Model:
        return AlexNet(
            input_size, width / 2, seed=seed, weight_decay=weight_decay, preprocessing=preprocessing
        )

    return split_encoder(half, input_size, seed, "alexnet_lab")
