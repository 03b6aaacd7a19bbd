"""The first frame of a GIF, cut out of the file's bytes in TensorFlow core ops.

TensorFlow's decoder unpacks every frame of an animation and paints transparent pixels black. So the bytes are
rewritten to a GIF of one opaque frame before they are decoded: an animation costs what a photo costs.
The layout is that of the GIF89a specification (CompuServe, 1990).
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

_EXTENSION, _IMAGE = 0x21, 0x2C
_HEADER = 13  # signature and logical screen descriptor
_DESCRIPTOR = 10  # image descriptor with its separator


def first_frame(contents: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Cut an animation to its first frame and make transparent pixels white.

    Args:
        contents: string scalar, a GIF as a file holds it.

    Returns:
        A GIF of one frame as a string scalar, and the frame's height and width, int64 [2]; zeros where the
        file ends before its first frame. The frame alone is the photo, wherever it lies on a larger canvas.
    """
    octets = tf.cast(tf.io.decode_raw(contents, tf.uint8), tf.int64)
    at = _reader(octets)
    palette = tf.constant(_HEADER, tf.int64)
    image, transparent = _walk_to_image(octets, palette + _table_bytes(at(10)))
    shape = tf.stack([at(image + 8) * 256 + at(image + 7), at(image + 6) * 256 + at(image + 5)])
    local_bytes = _table_bytes(at(image + 9))
    pixels = image + _DESCRIPTOR + local_bytes
    end = _walk_blocks(octets, pixels + 1)

    def substring(start: tf.Tensor, stop: tf.Tensor) -> tf.Tensor:
        size = tf.size(octets, out_type=tf.int64)
        start = tf.minimum(start, size)
        return tf.strings.substr(contents, start, tf.maximum(stop - start, 0))

    def whitened(start: tf.Tensor, table_bytes: tf.Tensor) -> tf.Tensor:
        color = start + 3 * tf.maximum(transparent, 0)
        table = substring(start, start + table_bytes)
        is_inside = (transparent >= 0) & (color + 3 <= start + table_bytes)
        white = [substring(start, color), b"\xff\xff\xff", substring(color + 3, start + table_bytes)]
        return tf.where(is_inside, tf.strings.join(white), table)

    parts = [
        substring(tf.constant(0, tf.int64), palette),
        whitened(palette, _table_bytes(at(10))),
        b"\x2c\0\0\0\0",  # the frame's own place on the canvas, set to its upper left corner
        substring(image + 5, image + _DESCRIPTOR),
        whitened(image + _DESCRIPTOR, local_bytes),
        substring(pixels, end),
        b"\x3b",
    ]
    return tf.strings.join(parts), tf.where(tf.equal(at(image), _IMAGE), shape, tf.zeros_like(shape))


def _walk_to_image(octets: tf.Tensor, start: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Skip the extensions before the first image: its position and its transparent index (-1 for none)."""
    at = _reader(octets)
    none = tf.constant(-1, tf.int64)

    def is_extension(position: tf.Tensor, transparent: tf.Tensor) -> tf.Tensor:
        del transparent
        return tf.equal(at(position), _EXTENSION)

    def skip(position: tf.Tensor, transparent: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        is_control = tf.equal(at(position + 1), 0xF9)
        index = tf.where(tf.equal(at(position + 3) % 2, 1), at(position + 6), none)
        return _walk_blocks(octets, position + 2), tf.where(is_control, index, transparent)

    image, transparent = tf.while_loop(is_extension, skip, [start, none])
    return image, transparent


def _walk_blocks(octets: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
    """Return the position behind a chain of blocks: each a length and that many bytes, up to length 0."""
    at = _reader(octets)
    (last,) = tf.while_loop(
        lambda position: at(position) > 0, lambda position: (position + 1 + at(position),), [start]
    )
    return last + 1


def _table_bytes(flags: tf.Tensor) -> tf.Tensor:
    """Size of the colour table that the flags of a descriptor announce, int64 []."""
    return tf.where(flags >= 0x80, 3 * 2 ** (flags % 8 + 1), tf.zeros_like(flags))


def _reader(octets: tf.Tensor) -> Callable[[int | tf.Tensor], tf.Tensor]:
    """Octets by position, int64 []; 0 behind the end of the file."""
    size = tf.size(octets, out_type=tf.int64)

    def at(position: int | tf.Tensor) -> tf.Tensor:
        position = tf.cast(position, tf.int64)
        octet = octets[tf.minimum(position, size - 1)]
        return tf.where(position < size, octet, tf.zeros_like(octet))

    return at
