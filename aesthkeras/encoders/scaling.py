"""From RGB pixel values in [0, 255] to what somebody else's network was trained on."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import tensorflow as tf

from aesthkeras.encoders.pixels import IMAGENET_DEVIATION, IMAGENET_MEAN

# Mean pixel of ImageNet in Caffe's order of channels, blue first, on [0, 255], as Keras has it.
CAFFE_MEAN = (103.939, 116.779, 123.68)


class Scaling(NamedTuple):
    """``value * factor + offset`` for each of three channels, in reverse order (BGR) or not."""

    factors: tuple[float, ...]
    offsets: tuple[float, ...]
    reverses: bool = False


SCALINGS = {
    "0..255": Scaling((1.0,) * 3, (0.0,) * 3),
    "0..1": Scaling((1 / 255,) * 3, (0.0,) * 3),
    "-1..1": Scaling((1 / 127.5,) * 3, (-1.0,) * 3),
    "imagenet": Scaling(
        tuple(1 / (255 * deviation) for deviation in IMAGENET_DEVIATION),
        tuple(-mean / deviation for mean, deviation in zip(IMAGENET_MEAN, IMAGENET_DEVIATION)),
    ),
    "caffe": Scaling((1.0,) * 3, tuple(-mean for mean in CAFFE_MEAN), reverses=True),
}


@keras.saving.register_keras_serializable(package="aesthkeras")
class PixelScaling(keras.layers.Layer):
    """RGB pixel values in another range.

    Args:
        scaling: a key of ``SCALINGS``: ``0..255`` leaves them as they are, ``0..1`` and ``-1..1`` are the
            ranges that come out, ``imagenet`` gives each channel mean 0 and deviation 1 over ImageNet
            (PyTorch), ``caffe`` gives blue, green and red less ImageNet's mean pixel.

    Call arguments:
        pixels: uint8 or floating ``[N, H, W, 3]``, RGB in [0, 255].

    Returns:
        float32 ``[N, H, W, 3]``.
    """

    def __init__(self, scaling: str = "0..255", **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32", "autocast": False})
        if scaling not in SCALINGS:
            raise ValueError(f"scaling={scaling}: expected one of {', '.join(SCALINGS)}")
        self.scaling = scaling

    def call(self, pixels: tf.Tensor) -> tf.Tensor:
        """Scale a batch."""
        factors, offsets, reverses = SCALINGS[self.scaling]
        values = tf.cast(pixels, tf.float32)
        return (values[..., ::-1] if reverses else values) * tf.constant(factors) + tf.constant(offsets)

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild the layer."""
        return {**super().get_config(), "scaling": self.scaling}


@keras.saving.register_keras_serializable(package="aesthkeras")
class ApplicationPixels(keras.layers.Layer):
    """RGB pixel values as a network of ``keras.applications`` takes them, by its own ``preprocess_input``.

    Args:
        module: of ``keras.applications``, such as ``mobilenet_v2``.

    Call arguments:
        pixels: uint8 or floating ``[N, H, W, 3]``, RGB in [0, 255].

    Returns:
        float32 ``[N, H, W, 3]``.
    """

    def __init__(self, module: str, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32", "autocast": False})
        self.module = module

    def call(self, pixels: tf.Tensor) -> tf.Tensor:
        """Preprocess a batch."""
        return getattr(keras.applications, self.module).preprocess_input(tf.cast(pixels, tf.float32))

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild the layer."""
        return {**super().get_config(), "module": self.module}
