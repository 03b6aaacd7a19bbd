"""A JPEG, as Pillow shows it, in TensorFlow core ops.

The segments before the pixels are walked once, at most `MOST_SEGMENTS` of them, so a file cannot make a
server walk for minutes. Their layout is that of ITU-T T.81, annex B.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from aesthkeras.decoding.limits import is_within_limits, require_in_graph, require_photo_size
from aesthkeras.decoding.octets import between, byte_count, count_pairs, numbers_at, part, rare, starts_with
from aesthkeras.decoding.orientation import UPRIGHT, orientation_of

MOST_SEGMENTS = 1000  # a profile of 16 MB takes 255
_FRAMES = [0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF]
_HUFFMAN_TABLE, _START_OF_SCAN, _END_OF_IMAGE = 0xC4, 0xDA, 0xD9
_PIXELS = b"\xda\xd9"  # markers: start of a scan, or the end of a JPEG without one
_TABLES = b"\xdb\xc4\xdd\xc0\xc1\xc2" + _PIXELS  # and quantization, Huffman, restart and frames before it
_EXIF, _XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
_ADOBE = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0"  # version 100, no flags, colours as they are: CMYK
_PLAIN = {  # position -> marker, length and on, in a JPEG as libjpeg writes it unless asked for more
    0: b"\xff\xd8\xff\xe0\0\x10JFIF",
    20: b"\xff\xdb\0\x43",
    89: b"\xff\xdb\0\x43",
    158: b"\xff\xc0\0\x11\x08",
    167: b"\x03",
    177: b"\xff\xc4\0\x1f",
    210: b"\xff\xc4\0\xb5",
    393: b"\xff\xc4\0\x1f",
    426: b"\xff\xc4\0\xb5",
    609: b"\xff\xda\0\x0c\x03",
}
_PLAIN_BYTES = 623  # up to the pixels
_PLAIN_TABLES = 1024  # bytes in which the usual tables and the frame end


class _Head(NamedTuple):
    """Where in the file the segments before the pixels lie, int64 []; 0 where there is none of a kind.

    Attributes:
        end: behind the last segment that was walked: at the start of a scan in a whole JPEG.
        walked: how many segments.
        frame: the last frame header.
        exif: the first EXIF segment.
        xmp: the last XMP segment.
        adobe: a segment of Adobe's, which says how CMYK is stored.
    """

    end: tf.Tensor
    walked: tf.Tensor
    frame: tf.Tensor
    exif: tf.Tensor
    xmp: tf.Tensor
    adobe: tf.Tensor


def is_plain_jpeg(contents: tf.Tensor) -> tf.Tensor:
    """Return whether `decode_jpeg` would find nothing to check or to turn, bool [].

    So are most small photos: libjpeg's usual tables right behind JFIF's own segment, three components in one
    scan. Walking the nodes of the general way takes as long as their pixels.
    """
    size = byte_count(contents)
    # the zeros make every place one inside of the string
    head = tf.strings.join([tf.strings.substr(contents, 0, _PLAIN_BYTES), bytes(_PLAIN_BYTES)])
    found = tf.strings.substr(head, list(_PLAIN), [len(text) for text in _PLAIN.values()])
    is_plain = tf.reduce_all(tf.equal(found, list(_PLAIN.values())))
    shape = tf.io.decode_raw(tf.strings.substr(head, 163, 4), tf.uint16, little_endian=False)
    ends_well = starts_with(contents, b"\xff\xd9", tf.maximum(size - 2, _PLAIN_BYTES))
    return is_plain & ends_well & is_within_limits(tf.cast(shape, tf.int64))


def jpeg_pixels(contents: tf.Tensor) -> tf.Tensor:
    """Return the pixels of a JPEG as they are stored, uint8 [height, width, 3]."""
    # accurate, as Pillow decodes; TensorFlow's default differs from it by a few levels
    return tf.io.decode_jpeg(contents, channels=3, dct_method="INTEGER_ACCURATE")


def decode_jpeg(contents: tf.Tensor, name: str | tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Decode a JPEG after its checks.

    Args:
        contents: string scalar, a file that begins as a JPEG.
        name: what an error message calls it.

    Returns:
        Its pixels as they are stored, uint8 [height, width, 3], and its orientation, int64 [], 1 to 8.

    Raises:
        tf.errors.InvalidArgumentError: when the graph runs: as `photo.decode_photo`.
    """
    head = _walk(contents, _Head(*[tf.constant(place, tf.int64) for place in (2, 0, 0, 0, 0, 0)]), _TABLES)
    is_plain = _has_plain_tables(contents, head.end)
    contents, *places = tf.cond(is_plain, lambda: (contents, *head), lambda: _checked(contents, name, *head))
    head = _Head(*places)
    shape = _shape(contents)
    contents = require_photo_size(shape[:2], name, contents)
    contents = require_in_graph(
        _ends(contents, head.end), name, "the JPEG ends before its end marker: truncated", contents
    )
    orientation = tf.cond(
        (head.exif > 0) | (head.xmp > 0),
        lambda: _orientation(contents, head.exif, head.xmp),
        lambda: tf.constant(UPRIGHT, tf.int64),
    )
    # Pillow takes any CMYK for inverted, as Adobe's programs write it; TensorFlow does with their marker only
    without_marker = tf.equal(shape[2], 4) & tf.equal(head.adobe, 0)
    contents = tf.cond(without_marker, lambda: _with_adobe_marker(contents), lambda: contents)
    return jpeg_pixels(contents), orientation


def _shape(contents: tf.Tensor) -> tf.Tensor:
    """Height, width and components, int64 [3], as the frame header says."""
    return tf.cast(tf.image.extract_jpeg_shape(contents, output_type=tf.int32), tf.int64)


def _has_plain_tables(contents: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
    """Whether what follows the first segments is tables, a baseline frame and one scan of all of it, bool [].

    Every pair of bytes is looked at as if it were a marker, so what is plain is plain.
    """
    octets = tf.io.decode_raw(part(contents, start, _PLAIN_TABLES), tf.uint8, fixed_length=_PLAIN_TABLES)
    markers = tf.where(tf.equal(octets[:-1], 0xFF), octets[1:], 0)
    is_frame, is_scan = tf.equal(markers, 0xC0), tf.equal(markers, _START_OF_SCAN)
    counts = [tf.argmax(is_frame) + 9, tf.argmax(is_scan) + 4]  # where the numbers of components stand
    components, in_scan = tf.unstack(tf.gather(octets, tf.minimum(counts, _PLAIN_TABLES - 1)))
    is_other_frame = (markers >= 0xC1) & (markers <= 0xCF) & tf.not_equal(markers, _HUFFMAN_TABLE)
    is_application = (markers >= 0xE0) & (markers < 0xFF)
    return (
        tf.reduce_any(is_frame)
        & tf.reduce_any(is_scan)
        & tf.equal(in_scan, components)
        & tf.reduce_any(tf.equal(components, [1, 3]))
        & ~tf.reduce_any(is_other_frame | is_application)
    )


@rare
def _checked(contents: tf.Tensor, name: tf.Tensor, *places: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """A JPEG of an uncommon kind after the checks of its frame and scans, and its head, walked to the end."""
    head = _walk(contents, _Head(*places), _PIXELS)
    many = f"the JPEG has over {MOST_SEGMENTS} segments before its pixels"
    contents = require_in_graph(head.walked < MOST_SEGMENTS, name, many, contents)
    frame = numbers_at(contents, head.frame, 10)
    bits, components = frame[4], frame[9]
    is_known = tf.equal(bits, 8) & tf.reduce_any(tf.equal(components, [1, 3, 4]))
    contents = require_in_graph(
        tf.equal(head.frame, 0) | is_known,
        name,
        tf.strings.format("a JPEG of {} components of {} bits is not supported", (components, bits)),
        contents,
    )
    # libjpeg goes over the whole photo for a scan of a few bytes; what lies behind its end may look like some
    few_scans = count_pairs(contents, 0xFF, _START_OF_SCAN) <= 100 + byte_count(contents) // 32_768
    slow = "the JPEG has too many scans; each is as slow as a photo"
    return require_in_graph(few_scans, name, slow, contents), *head


def _walk(contents: tf.Tensor, start: _Head, stops: bytes) -> _Head:
    """Walk segments until a marker whose second byte is one of `stops`."""
    size = byte_count(contents)
    ends = tf.constant([b"\xff" + bytes([stop]) for stop in stops])

    def goes_on(head: _Head) -> tf.Tensor:
        is_end = tf.reduce_any(tf.equal(part(contents, head.end, 2), ends))
        return (head.end + 4 <= size) & (head.walked < MOST_SEGMENTS) & tf.logical_not(is_end)

    def next_segment(head: _Head) -> tuple[_Head]:
        octets = numbers_at(contents, head.end, 4)
        marker = octets[1]
        is_marker = tf.equal(octets[0], 0xFF) & (marker > 0) & (marker < 0xFF)
        stands_alone = (marker >= 0xD0) & (marker <= 0xD8) | tf.equal(marker, 1)
        length = tf.where(stands_alone, tf.zeros_like(marker), tf.maximum(octets[2] * 256 + octets[3], 2))
        step = tf.cond(is_marker, lambda: 2 + length, lambda: _to_next_marker(contents, head.end))
        label = part(contents, head.end + 4, len(_XMP))

        def found(kind: int, text: bytes) -> tf.Tensor:
            starts_so = tf.equal(tf.strings.substr(label, 0, len(text)), text)
            return is_marker & tf.equal(marker, kind) & starts_so

        is_frame = is_marker & tf.reduce_any(tf.equal(marker, _FRAMES))
        walked = _Head(
            head.end + step,
            head.walked + 1,
            tf.where(is_frame, head.end, head.frame),
            tf.where(found(0xE1, _EXIF) & tf.equal(head.exif, 0), head.end, head.exif),
            tf.where(found(0xE1, _XMP), head.end, head.xmp),
            tf.where(found(0xEE, b"Adobe") & (length >= 14), head.end, head.adobe),
        )
        return (walked,)

    (head,) = tf.while_loop(goes_on, next_segment, [start])
    return head


def _to_next_marker(contents: tf.Tensor, position: tf.Tensor) -> tf.Tensor:
    """How far the next marker is, int64 [], at most 4096: libjpeg and Pillow go over what is none."""
    octets = tf.io.decode_raw(part(contents, position, 4097), tf.uint8, fixed_length=4097)
    is_marker = tf.equal(octets[:-1], 0xFF) & (octets[1:] > 0) & (octets[1:] < 0xFF)
    return tf.argmax(tf.concat([is_marker, [True]], axis=0))


@rare
def _orientation(contents: tf.Tensor, exif: tf.Tensor, xmp: tf.Tensor) -> tf.Tensor:
    return orientation_of(_segment(contents, exif, 0), _segment(contents, xmp, len(_XMP)))


def _segment(contents: tf.Tensor, position: tf.Tensor, label: int) -> tf.Tensor:
    """What a segment holds behind its label of so many bytes; empty where its position is 0."""
    octets = numbers_at(contents, position, 4)
    data = between(contents, position + 4 + label, position + 2 + octets[2] * 256 + octets[3])
    return tf.where(position > 0, data, "")


def _ends(contents: tf.Tensor, pixels: tf.Tensor) -> tf.Tensor:
    """Whether an end marker follows the start of the pixels: nearly every file ends with it."""
    size = byte_count(contents)
    ends_well = starts_with(contents, b"\xff\xd9", tf.maximum(pixels, size - 2))
    return tf.cond(
        ends_well, lambda: True, lambda: count_pairs(part(contents, pixels, size), 0xFF, _END_OF_IMAGE) > 0
    )


@rare
def _with_adobe_marker(contents: tf.Tensor) -> tf.Tensor:
    return tf.strings.join([part(contents, 0, 2), _ADOBE, between(contents, 2, byte_count(contents))])
