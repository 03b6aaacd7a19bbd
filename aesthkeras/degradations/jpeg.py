"""JPEG compression (Table 1, "Much noise"): libjpeg on a CPU, or its batched imitation anywhere."""

from __future__ import annotations

import tensorflow as tf

from aesthkeras.degradations import jpeg_dct
from aesthkeras.degradations.contract import checked


def apply(
    images: tf.Tensor, quality: float, seed: tf.Tensor | None = None, form: str = "codec", white: float = 1.0
) -> tf.Tensor:
    """Compress and decompress with 4:2:0 chroma and the standard tables.

    Args:
        images: float32 `[N, H, W, 3]` in [0, white], which are rounded to 8 bits first; or uint8.
        quality: an integer from 1 to 100 as in libjpeg.
        seed: unused; here so that all operations are called alike.
        form: `codec` (libjpeg, CPU only) or `dct` (see `jpeg_dct`; no CPU-only operation).
        white: the value of white in float32 images.

    Returns:
        Images of the same shape and type; float32 values lie on the 256 levels from 0 to white.

    Raises:
        ValueError: quality out of range, unknown form, or images of the wrong type or shape.
    """
    images, _, _ = checked(images, tf.float32, tf.uint8)
    if not 1 <= quality <= 100 or quality != int(quality):
        raise ValueError(f"quality is {quality}: expected an integer from 1 to 100")
    if form not in ("codec", "dct"):
        raise ValueError(f"form is {form!r}: expected codec or dct")
    compress = _codec if form == "codec" else jpeg_dct.compress
    if images.dtype == tf.uint8:
        return compress(images, int(quality))
    levels = tf.cast(images * (255.0 / white) + 0.5, tf.uint8)
    return tf.cast(compress(levels, int(quality)), tf.float32) * (white / 255.0)


def _codec(images: tf.Tensor, quality: int) -> tf.Tensor:
    """Send uint8 images one by one through libjpeg with its accurate integer transform."""
    shape = images.shape[1:]

    def one(image: tf.Tensor) -> tf.Tensor:
        file = tf.io.encode_jpeg(image, format="rgb", quality=quality, chroma_downsampling=True)
        back = tf.io.decode_jpeg(file, channels=3, fancy_upscaling=True, dct_method="INTEGER_ACCURATE")
        return tf.ensure_shape(back, shape)

    compressed = tf.map_fn(one, images, fn_output_signature=tf.TensorSpec(shape, tf.uint8))
    return tf.ensure_shape(compressed, images.shape)
