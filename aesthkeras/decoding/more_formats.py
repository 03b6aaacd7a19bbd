"""WebP, TIFF, AVIF and HEIC in the training pipeline; an exported graph, of core ops only, has none of it."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from aesthkeras.decoding.containers import PILLOW_SIGNATURES
from aesthkeras.decoding.octets import starts_with
from aesthkeras.decoding.photo import decode_photo
from aesthkeras.decoding.pillow_photos import decode_with_pillow
from aesthkeras.decoding.refusal import PhotoRefusedError


def decode_photo_of_more_formats(contents: tf.Tensor, name: str | tf.Tensor = "") -> tf.Tensor:
    """Decode one photo as `photo.decode_photo` does, with Pillow's formats as well, in a `tf.function`.

    The first page or frame counts; the pixels are Pillow's.

    Args:
        contents: string scalar, the bytes of a file.
        name: what an error message calls the photo.

    Returns:
        uint8 [height, width, 3].

    Raises:
        tf.errors.InvalidArgumentError: when the graph runs, with the reason of a `PhotoRefusedError`, and as
            `decode_photo`.
    """
    contents = tf.convert_to_tensor(contents, tf.string)

    def by_pillow() -> tf.Tensor:
        pixels, refusal = tf.numpy_function(
            _pixels_or_refusal, [contents, name], [tf.uint8, tf.string], stateful=False
        )
        check = tf.debugging.Assert(tf.equal(refusal, ""), [refusal])
        with tf.control_dependencies([check]):
            return tf.identity(pixels)

    photo = tf.cond(_is_of_more_formats(contents), by_pillow, lambda: decode_photo(contents, name))
    return tf.ensure_shape(photo, [None, None, 3])


def _is_of_more_formats(contents: tf.Tensor) -> tf.Tensor:
    found = [starts_with(contents, signature, position) for position, signature, _ in PILLOW_SIGNATURES]
    return tf.reduce_any(tf.stack(found))


def _pixels_or_refusal(contents: bytes, name: bytes) -> tuple[np.ndarray, bytes]:
    # an error raised here would be logged with its traceback, and its kind would be lost
    try:
        return decode_with_pillow(contents), b""
    except PhotoRefusedError as refusal:
        reason = str(refusal).encode()
        return np.zeros((0, 0, 3), np.uint8), name + b": " + reason if name else reason
