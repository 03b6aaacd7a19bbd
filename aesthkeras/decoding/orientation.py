"""Which way up a photo is, as EXIF or XMP says, and turning it: core ops, for the exported graph."""

from __future__ import annotations

import tensorflow as tf

from aesthkeras.decoding.octets import numbers_at, part, starts_with, unsigned, unsigned_at

EXIF_ORIENTATION = 0x0112
UPRIGHT = 1
# Pillow's own words (ImageOps.exif_transpose); \C is any byte
_IN_XMP = r'\A\C*?tiff:Orientation(?:="|>)([0-9])\C*\z'


def orientation_of(exif: tf.Tensor, xmp: tf.Tensor) -> tf.Tensor:
    """Return the orientation of a photo, int64 [], 1 to 8; 1 where neither names one.

    As in Pillow, XMP counts where EXIF names no orientation, right or wrong.

    Args:
        exif: string scalar, the EXIF data, with `Exif` and two zeros before it or without; empty for none.
        xmp: string scalar, empty for none.
    """
    in_exif = _exif_orientation(exif)
    named = tf.cond(in_exif >= 0, lambda: in_exif, lambda: _xmp_orientation(xmp))
    return tf.where((named >= 1) & (named <= 8), named, tf.constant(UPRIGHT, tf.int64))


def turn_upright(photo: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
    """Undo an orientation, int64 [], 1 to 8: uint8 [height, width, 3] -> the same, upright."""

    def turned() -> tf.Tensor:
        is_on_side = orientation >= 5
        goes_leftwards = tf.reduce_any(tf.equal(orientation, [2, 3, 6, 7]))
        goes_upwards = tf.reduce_any(tf.equal(orientation, [3, 4, 7, 8]))
        raised = tf.cond(is_on_side, lambda: tf.transpose(photo, [1, 0, 2]), lambda: photo)
        mirrored = tf.cond(goes_leftwards, lambda: tf.reverse(raised, [1]), lambda: raised)
        return tf.cond(goes_upwards, lambda: tf.reverse(mirrored, [0]), lambda: mirrored)

    return tf.cond(tf.equal(orientation, UPRIGHT), lambda: photo, turned)


def _exif_orientation(exif: tf.Tensor) -> tf.Tensor:
    """What EXIF data names, int64 []: -1 where it names no orientation, 0 where it is none of 8."""
    # Pillow takes the prefix away twice: what stands in a PNG may begin with it
    start = tf.constant(0, tf.int64)
    for _ in range(2):
        start = tf.where(starts_with(exif, b"Exif\0\0", start), start + 6, start)
    tiff = part(exif, start, 2**31)
    little = starts_with(tiff, b"II")
    directory = unsigned_at(tiff, 4, 4, little)
    count = tf.where(little | starts_with(tiff, b"MM"), unsigned_at(tiff, directory, 2, little), 0)
    # an entry is 12 bytes: tag (2), type (2), count (4), and here the value itself in the last 4
    octets = tf.io.decode_raw(part(tiff, directory + 2, 12 * count), tf.uint8)
    entries = tf.reshape(octets[: tf.size(octets) // 12 * 12], [-1, 12])
    tags = unsigned(tf.cast(entries[:, 0:2], tf.int64), little)
    found = tf.boolean_mask(entries, tf.equal(tags, EXIF_ORIENTATION))
    none = tf.constant(-1, tf.int64)
    return tf.cond(tf.size(found) > 0, lambda: _value(tf.cast(found[0], tf.int64), little), lambda: none)


def _value(entry: tf.Tensor, little: tf.Tensor) -> tf.Tensor:
    """The one whole number of an entry, int64 [12]: of 1, 2 or 4 bytes; 0 where it is something else."""
    kind = unsigned(entry[2:4], little)
    is_one = tf.equal(unsigned(entry[4:8], little), 1)
    sizes = [((6,), 1), ((3, 8), 2), ((4, 9), 4)]  # SHORT, LONG and those with a sign; Pillow takes no BYTE
    value = tf.constant(0, tf.int64)
    for kinds, size in sizes:
        is_kind = is_one & tf.reduce_any(tf.equal(kind, kinds))
        value = tf.where(is_kind, unsigned(entry[8 : 8 + size], little), value)
    return value


def _xmp_orientation(xmp: tf.Tensor) -> tf.Tensor:
    digit = numbers_at(tf.strings.regex_replace(xmp, _IN_XMP, r"\1", replace_global=False), 0, 1)[0]
    return tf.where(tf.strings.regex_full_match(xmp, _IN_XMP), digit - ord("0"), 0)
