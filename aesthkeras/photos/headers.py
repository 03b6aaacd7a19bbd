"""What a photo file says about itself before it is decoded: size and orientation, in TensorFlow core ops.

All functions take the bytes of a file and go into the exported graph, so there is no Python per photo.
Reading past the end of a file gives zeros: a damaged header ends in a refused size, not in a node's error.
"""

from __future__ import annotations

import tensorflow as tf

EXIF_ORIENTATION = 0x0112
UPRIGHT = 1


def starts_with(contents: tf.Tensor, prefix: bytes, position: int | tf.Tensor = 0) -> tf.Tensor:
    """Return a bool scalar: does string scalar `contents` hold `prefix` at `position`?"""
    return tf.equal(_substring(contents, position, len(prefix)), prefix)


def unsigned_at(
    contents: tf.Tensor, position: int | tf.Tensor, size: int, little: bool | tf.Tensor
) -> tf.Tensor:
    """Return the unsigned integer of `size` (1 to 4) bytes at `position` of a string scalar, int64 []."""
    octets = tf.io.decode_raw(_substring(contents, position, size), tf.uint8, fixed_length=size)
    return _unsigned(tf.cast(octets, tf.int64), little)


def jpeg_shape(contents: tf.Tensor) -> tf.Tensor:
    """Return height and width, int64 [2], as the frame header of a JPEG says."""
    return tf.cast(tf.image.extract_jpeg_shape(contents, output_type=tf.int32)[:2], tf.int64)


def png_shape(contents: tf.Tensor) -> tf.Tensor:
    """Return height and width, int64 [2], as the IHDR chunk of a PNG says."""
    return tf.stack([unsigned_at(contents, 20, 4, False), unsigned_at(contents, 16, 4, False)])


def bmp_shape(contents: tf.Tensor) -> tf.Tensor:
    """Return height and width, int64 [2], as the info header of a BMP says (rows from top down: -height)."""
    height = unsigned_at(contents, 22, 4, True)
    height = tf.where(height >= 2**31, 2**32 - height, height)
    return tf.stack([height, unsigned_at(contents, 18, 4, True)])


def jpeg_exif(contents: tf.Tensor, octets: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Walk the application and comment segments at the head of a JPEG.

    Args:
        contents: the whole file, a string scalar.
        octets: the same, uint8 [bytes].

    Returns:
        The EXIF data as `exif_orientation` takes it, a string scalar, empty where there is none; and the
        position behind those segments, where tables and pixels begin, int64 [].
    """
    size = tf.size(octets, out_type=tf.int64)

    one = tf.constant(1, tf.int64)

    def at(position: tf.Tensor) -> tf.Tensor:
        return tf.cast(octets[tf.minimum(position, size - 1)], tf.int64)

    def is_application(position: tf.Tensor, exif: tf.Tensor) -> tf.Tensor:
        del exif
        marker = at(position + 1)
        is_kind = ((marker >= 0xE0) & (marker <= 0xEF)) | tf.equal(marker, 0xFE) | tf.equal(marker, 0xFF)
        return (position + 4 <= size) & tf.equal(at(position), 0xFF) & is_kind

    def next_segment(position: tf.Tensor, exif: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        marker = at(position + 1)
        length = at(position + 2) * 256 + at(position + 3)
        # 0xFF may be repeated before a marker
        step = tf.where(tf.equal(marker, 0xFF), one, 2 + length)
        is_exif = (
            tf.equal(marker, 0xE1) & tf.equal(at(position + 4), ord("E")) & tf.equal(at(position + 9), 0)
        )
        return position + step, tf.where(is_exif & tf.equal(exif, 0), position, exif)

    tables, exif = tf.while_loop(is_application, next_segment, [2 * one, 0 * one])
    return tf.where(exif > 0, _substring(contents, exif + 10, 65535), ""), tables


def png_exif(contents: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Walk the chunks of a PNG up to its pixels.

    Returns:
        The EXIF data of an eXIf chunk, a string scalar, empty where there is none; and whether pixels may be
        transparent, bool []: by a colour type with alpha or a tRNS chunk.
    """
    size = tf.cast(tf.strings.length(contents, unit="BYTE"), tf.int64)

    def is_before_pixels(position: tf.Tensor, exif: tf.Tensor, transparent: tf.Tensor) -> tf.Tensor:
        del exif, transparent
        # zeros, as a download that stopped leaves them, are no chunks: the decoder refuses them
        is_end = starts_with(contents, b"IDAT", position + 4) | starts_with(contents, bytes(4), position + 4)
        return (position + 8 <= size) & tf.logical_not(is_end)

    def next_chunk(position: tf.Tensor, exif: tf.Tensor, transparent: tf.Tensor) -> tuple[tf.Tensor, ...]:
        length = unsigned_at(contents, position, 4, False)
        exif = tf.where(starts_with(contents, b"eXIf", position + 4), position, exif)
        transparent = transparent | starts_with(contents, b"tRNS", position + 4)
        return position + 12 + length, exif, transparent

    has_alpha = unsigned_at(contents, 25, 1, False) >= 4
    start = [tf.constant(8, tf.int64), tf.constant(0, tf.int64), has_alpha]
    _, exif, transparent = tf.while_loop(is_before_pixels, next_chunk, start)
    length = unsigned_at(contents, exif, 4, False)
    return tf.where(exif > 0, _substring(contents, exif + 8, length), ""), transparent


def exif_orientation(tiff: tf.Tensor) -> tf.Tensor:
    """Return the orientation that EXIF data names, int64 [], 1 to 8; 1 where it names none.

    Args:
        tiff: string scalar, the TIFF structure inside an EXIF segment ("II*" or "MM*" and on).
    """
    little = starts_with(tiff, b"II")
    directory = unsigned_at(tiff, 4, 4, little)
    count = unsigned_at(tiff, directory, 2, little)
    # an entry is 12 bytes: tag (2), type (2), count (4), value (4, a short lies in the first two)
    entries = tf.io.decode_raw(_substring(tiff, directory + 2, 12 * count), tf.uint8)
    entries = entries[: tf.size(entries) // 12 * 12]
    entries = tf.cast(tf.reshape(entries, [-1, 12]), tf.int64)
    is_orientation = tf.equal(_unsigned(entries[:, 0:2], little), EXIF_ORIENTATION)
    found = tf.boolean_mask(_unsigned(entries[:, 8:10], little), is_orientation)
    orientation = tf.concat([found, tf.constant([UPRIGHT], tf.int64)], axis=0)[0]
    return tf.where((orientation >= 1) & (orientation <= 8), orientation, tf.constant(UPRIGHT, tf.int64))


def _unsigned(octets: tf.Tensor, little: bool | tf.Tensor) -> tf.Tensor:
    """[..., size] octets as int64 -> [...] numbers."""
    size = octets.shape[-1]
    rising = [256**power for power in range(size)]
    weights = tf.where(little, tf.constant(rising, tf.int64), tf.constant(rising[::-1], tf.int64))
    return tf.reduce_sum(octets * weights, axis=-1)


def _substring(contents: tf.Tensor, position: int | tf.Tensor, size: int | tf.Tensor) -> tf.Tensor:
    position, size = tf.cast(position, tf.int64), tf.cast(size, tf.int64)
    end = tf.cast(tf.strings.length(contents, unit="BYTE"), tf.int64)
    return tf.strings.substr(contents, tf.minimum(position, end), size, unit="BYTE")
