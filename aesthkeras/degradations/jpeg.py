"""JPEG compression (Table 1, "Much noise"): libjpeg on a CPU, or the same in batches on any device."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from aesthkeras.degradations import jpeg_dct
from aesthkeras.degradations.layer import Degradation, to_eight_bit
from aesthkeras.settings import require


@keras.saving.register_keras_serializable(package="aesthkeras")
class JPEGCompression(Degradation):
    """Compress and decompress with chroma at half the resolution (4:2:0) and libjpeg's standard tables.

    Table 1, attribute "Much noise": qualities 60 and 10.

        compressed = aesthkeras.degradations.JPEGCompression(60)(photos)

    Float photos are rounded to 8 bits first, and their result too has 256 levels at most.

    Args:
        quality: an integer from 1 (worst) to 100, as in libjpeg.
        form: `codec` is libjpeg, which runs on a CPU; `dct` is tensor algebra for any device, see `jpeg_dct`.
        **kwargs: those of `Degradation`.

    Raises:
        UsageError: a quality out of range, or an unknown form.
    """

    arguments = ("quality", "form")

    def __init__(self, quality: int, form: str = "codec", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.quality = quality
        self.form = form
        require(self, "quality", quality in range(1, 101), "an integer from 1 to 100")
        require(self, "form", form in ("codec", "dct"), "codec or dct")

    def edit(self, images: tf.Tensor, seed: tf.Tensor | None) -> tf.Tensor:
        """As `Degradation.edit`, but uint8 stays uint8; the seed is not used."""
        compress = _codec if self.form == "codec" else jpeg_dct.compress
        return tf.cast(compress(to_eight_bit(images), int(self.quality)), images.dtype)


def _codec(images: tf.Tensor, quality: int) -> tf.Tensor:
    """Send uint8 `[N, H, W, 3]` photo by photo through libjpeg with its accurate integer transform."""
    shape = images.shape[1:]

    def one(image: tf.Tensor) -> tf.Tensor:
        file = tf.io.encode_jpeg(image, format="rgb", quality=quality, chroma_downsampling=True)
        back = tf.io.decode_jpeg(file, channels=3, fancy_upscaling=True, dct_method="INTEGER_ACCURATE")
        return tf.ensure_shape(back, shape)

    compressed = tf.map_fn(one, images, fn_output_signature=tf.TensorSpec(shape, tf.uint8))
    return tf.ensure_shape(compressed, images.shape)
