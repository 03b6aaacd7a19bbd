"""A PNG, as its specification says it is shown, in TensorFlow core ops.

libpng unpacks what it is not asked for: texts, profiles, and what follows the last row of pixels. A few
kilobytes would keep a server busy for seconds. So it gets the pixels alone, and no more than they take.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from aesthkeras.decoding.limits import require_in_graph, require_photo_size
from aesthkeras.decoding.octets import between, byte_count, part, starts_with, unsigned_at
from aesthkeras.decoding.orientation import UPRIGHT, orientation_of

MOST_CHUNKS = 2000  # and as many again for each megapixel, which takes some 500 of the usual 8 KiB
_HEADER = 33  # signature and IHDR
_END = b"\0\0\0\0IEND\xaeB`\x82"
_SAMPLES, _SAMPLE_BYTES = 256, 256  # of the packed pixels
_XMP = b"XML:com.adobe.xmp\0\0"  # the keyword of XMP in an iTXt chunk, which is not compressed


class _Chunks(NamedTuple):
    """Where in the file the chunks lie, int64 []; 0 where there is none of a kind.

    Attributes:
        end: where the walk stands.
        walked: how many chunks it came by.
        exif: the last eXIf chunk.
        xmp: the last one of XMP that is not compressed.
        palette: the first PLTE chunk.
        transparency: the first tRNS chunk.
        packed: the last chunk that libpng would unpack.
        animation: the acTL chunk of an animation.
        last: IEND.
    """

    end: tf.Tensor
    walked: tf.Tensor
    exif: tf.Tensor
    xmp: tf.Tensor
    palette: tf.Tensor
    transparency: tf.Tensor
    packed: tf.Tensor
    animation: tf.Tensor
    last: tf.Tensor


def decode_png(contents: tf.Tensor, name: str | tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Decode a PNG after its checks; what is transparent is laid over white.

    Args:
        contents: string scalar, a file that begins as a PNG.
        name: what an error message calls it.

    Returns:
        Its pixels as they are stored, uint8 [height, width, 3], and its orientation, int64 [], 1 to 8.

    Raises:
        tf.errors.InvalidArgumentError: when the graph runs: as `photo.decode_photo`.
    """
    shape = tf.stack([unsigned_at(contents, 20, 4), unsigned_at(contents, 16, 4)])
    contents = require_photo_size(shape, name, contents)
    most = MOST_CHUNKS * (1 + tf.reduce_prod(shape) // 1_000_000)
    start = [tf.constant(place, tf.int64) for place in (8, *[0] * (len(_Chunks._fields) - 1))]
    before = _walk(contents, _Chunks(*start), most)
    pixels = before.end
    behind, walked = _behind_pixels(contents, pixels, before.walked, most)
    contents = _require_few(walked < most, contents, name, most)
    contents = _require_pixels_alone(contents, name, pixels, behind, _unpacked_bytes(contents, shape))
    chunks = _walk(contents, before._replace(end=behind, walked=walked), walked + most)
    is_few = chunks.walked < walked + most
    # the frames of an animation may be very many; what is said of its picture stands before them
    contents = _require_few(is_few | (chunks.animation > 0), contents, name, most)
    is_whole = (chunks.last > 0) | ~is_few
    contents = require_in_graph(is_whole, name, "the PNG data is damaged or truncated", contents)
    orientation = tf.cond(
        (chunks.exif > 0) | (chunks.xmp > 0),
        lambda: orientation_of(_data(contents, chunks.exif), _data(contents, chunks.xmp)),
        lambda: tf.constant(UPRIGHT, tf.int64),
    )
    pixels_alone = [
        part(contents, 0, _HEADER),
        _whole(contents, before.palette),
        _whole(contents, before.transparency),
        between(contents, pixels, behind),
        _END,
    ]
    has_more = (chunks.packed > 0) | tf.equal(chunks.last, 0)
    contents = tf.cond(has_more, lambda: tf.strings.join(pixels_alone), lambda: contents)
    has_alpha = unsigned_at(contents, 25, 1) >= 4
    # 4 channels only where needed: of gray with less than 8 bits TensorFlow makes an alpha that is not 255
    photo = tf.cond(
        has_alpha | (before.transparency > 0),
        lambda: over_white(tf.io.decode_png(contents, channels=4)),
        lambda: tf.io.decode_png(contents, channels=3),
    )
    return photo, orientation


def over_white(photo: tf.Tensor) -> tf.Tensor:
    """Lay RGBA over white, rounded to nearest: uint8 [height, width, 4] -> uint8 [height, width, 3]."""

    def composite() -> tf.Tensor:
        color, alpha = tf.cast(photo[..., :3], tf.int32), tf.cast(photo[..., 3:], tf.int32)
        return tf.cast((color * alpha + 255 * (255 - alpha) + 127) // 255, tf.uint8)

    is_opaque = tf.reduce_all(tf.equal(photo[..., 3], 255))
    return tf.cond(is_opaque, lambda: photo[..., :3], composite)


def _walk(contents: tf.Tensor, start: _Chunks, most: tf.Tensor) -> _Chunks:
    """Walk the chunks up to pixels, the end, zeros as a broken download leaves them, or `most` chunks."""
    size = byte_count(contents)

    def goes_on(chunks: _Chunks) -> tf.Tensor:
        kind = part(contents, chunks.end + 4, 4)
        is_end = tf.reduce_any(tf.equal(kind, [b"IDAT", bytes(4)])) | (chunks.last > 0)
        return (chunks.end + 8 <= size) & (chunks.walked < most) & tf.logical_not(is_end)

    def next_chunk(chunks: _Chunks) -> tuple[_Chunks]:
        here = chunks.end
        kind = part(contents, here + 4, 4)
        is_packed = tf.reduce_any(tf.equal(kind, [b"iCCP", b"zTXt", b"iTXt"]))
        is_xmp = tf.equal(kind, b"iTXt") & starts_with(contents, _XMP, here + 8)
        is_first_palette = tf.equal(kind, b"PLTE") & tf.equal(chunks.palette, 0)
        is_first_transparency = tf.equal(kind, b"tRNS") & tf.equal(chunks.transparency, 0)
        walked = _Chunks(
            here + 12 + unsigned_at(contents, here, 4),
            chunks.walked + 1,
            tf.where(tf.equal(kind, b"eXIf"), here, chunks.exif),
            tf.where(is_xmp, here, chunks.xmp),
            tf.where(is_first_palette, here, chunks.palette),
            tf.where(is_first_transparency, here, chunks.transparency),
            tf.where(is_packed, here, chunks.packed),
            tf.where(tf.equal(kind, b"acTL"), here, chunks.animation),
            tf.where(tf.equal(kind, b"IEND"), here, chunks.last),
        )
        return (walked,)

    (chunks,) = tf.while_loop(goes_on, next_chunk, [start])
    return chunks


def _require_pixels_alone(
    contents: tf.Tensor, name: str | tf.Tensor, pixels: tf.Tensor, behind: tf.Tensor, unpacked: tf.Tensor
) -> tf.Tensor:
    """Return `contents` unless IDAT chunks, from `pixels` to `behind`, hold far more than `unpacked` bytes.

    Nothing but unpacking tells how much there is. But a thousand zeros take one byte, like the one before it;
    of such bytes a photo has few, and what is nearly all zeros is packed to almost nothing. There may be many
    only where nothing is packed, or each byte by itself (RFC 1951: stored blocks, or no codes of lengths).
    """
    octets = tf.io.decode_raw(between(contents, pixels, behind), tf.uint8)
    size = tf.size(octets, tf.int64)
    sample = tf.reshape(octets[: size // _SAMPLES * _SAMPLES], [_SAMPLES, -1])[:, : _SAMPLE_BYTES + 1]
    repeated = tf.math.count_nonzero(tf.equal(sample[:, 1:], sample[:, :-1]))
    runs = repeated * size // tf.maximum(tf.size(sample, tf.int64), 1)
    block = unsigned_at(contents, pixels + 10, 1)  # how the first block is packed
    is_stored = (block % 8 <= 1) & (size >= unpacked)
    each_by_itself = (block >= 4) & (block <= 5)
    most = tf.where(is_stored, unpacked + unpacked // 100, unpacked * 5 // 4)
    few_runs = runs <= 2**16 + unpacked // 24
    is_alone = (size <= 2**16 + most) & (is_stored | each_by_itself | few_runs)
    return require_in_graph(is_alone, name, "the PNG unpacks to far more than its pixels", contents)


def _require_few(is_few: tf.Tensor, contents: tf.Tensor, name: str | tf.Tensor, most: tf.Tensor) -> tf.Tensor:
    many = tf.strings.format("the PNG has over {} chunks before or behind its pixels", most)
    return require_in_graph(is_few, name, many, contents)


def _unpacked_bytes(contents: tf.Tensor, shape: tf.Tensor) -> tf.Tensor:
    """How many bytes the rows of pixels have, int64 []: a byte names the filter of each."""
    bits, color = unsigned_at(contents, 24, 1), unsigned_at(contents, 25, 1)
    samples = tf.gather(tf.constant([1, 4, 3, 1, 2, 4, 4], tf.int64), tf.minimum(color, 6))
    return shape[0] * (1 + (shape[1] * samples * bits + 7) // 8)


def _behind_pixels(
    contents: tf.Tensor, pixels: tf.Tensor, walked: tf.Tensor, most: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """The position behind a run of IDAT chunks, and how many chunks were walked up to there."""

    def is_pixels(position: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
        return starts_with(contents, b"IDAT", position + 4) & (count < most)

    def next_chunk(position: tf.Tensor, count: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return position + 12 + unsigned_at(contents, position, 4), count + 1

    behind, count = tf.while_loop(is_pixels, next_chunk, [pixels, walked])
    return behind, count


def _whole(contents: tf.Tensor, chunk: tf.Tensor) -> tf.Tensor:
    """A chunk with its length and checksum; empty where its position is 0."""
    return tf.where(chunk > 0, part(contents, chunk, 12 + unsigned_at(contents, chunk, 4)), "")


def _data(contents: tf.Tensor, chunk: tf.Tensor) -> tf.Tensor:
    """What a chunk holds; empty where its position is 0."""
    return tf.where(chunk > 0, part(contents, chunk + 8, unsigned_at(contents, chunk, 4)), "")
