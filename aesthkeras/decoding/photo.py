"""From the bytes of a photo to upright RGB pixels, in TensorFlow core ops only.

Training, probing and serving share this function. It is part of the exported graph, so it uses no Python per
photo and no Pillow. JPEG, PNG, GIF (its first frame) and BMP are told apart by their first bytes, not by a
name. The limits are checked on the header, before any pixel is allocated.
"""

from __future__ import annotations

from functools import partial

import tensorflow as tf

from aesthkeras.decoding.bmp import decode_bmp
from aesthkeras.decoding.containers import CORE_SIGNATURES
from aesthkeras.decoding.gif import decode_gif
from aesthkeras.decoding.jpeg import decode_jpeg, is_plain_jpeg, jpeg_pixels
from aesthkeras.decoding.limits import require_in_graph
from aesthkeras.decoding.octets import byte_count, rare, starts_with
from aesthkeras.decoding.orientation import turn_upright
from aesthkeras.decoding.png import decode_png


@tf.autograph.experimental.do_not_convert  # nothing in here needs it, and tracing is slow with it
def decode_photo(contents: tf.Tensor, name: str | tf.Tensor = "") -> tf.Tensor:
    """Decode one photo to RGB, turned upright as its EXIF or XMP orientation says.

    Gray and palette become RGB, CMYK is converted as libjpeg and Pillow do, 16 bits are cut to the upper 8,
    transparent pixels are laid over white.

    Args:
        contents: string scalar, a JPEG, PNG, GIF or BMP as a file holds it.
        name: what an error message calls the photo (`image 3`); empty for no name.

    Returns:
        uint8 [height, width, 3].

    Raises:
        tf.errors.InvalidArgumentError: when the graph runs, for an empty file, another format, a size out of
            `limits`, more segments, chunks or scans than photos have, and damaged or truncated data.
            `photo_files.decoding_error` makes one sentence of it.
    """
    contents = tf.convert_to_tensor(contents, tf.string)
    name = tf.convert_to_tensor(name, tf.string)
    photo = tf.cond(
        is_plain_jpeg(contents), lambda: jpeg_pixels(contents), lambda: _decode_any(contents, name)
    )
    return tf.ensure_shape(photo, [None, None, 3])


@rare
def _decode_any(contents: tf.Tensor, name: tf.Tensor) -> tf.Tensor:
    contents = require_in_graph(byte_count(contents) > 0, name, "the file is empty", contents)
    formats = tf.stack([starts_with(contents, signature) for signature in CORE_SIGNATURES])
    contents = require_in_graph(tf.reduce_any(formats), name, "not a JPEG, PNG, GIF or BMP file", contents)
    decoders = [decode_jpeg, rare(decode_png), rare(decode_gif), rare(decode_bmp)]
    kind = tf.argmax(tf.cast(formats, tf.int32), output_type=tf.int32)
    photo, orientation = tf.switch_case(kind, [partial(decode, contents, name) for decode in decoders])
    return turn_upright(photo, orientation)
