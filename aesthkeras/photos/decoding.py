"""From the bytes of a photo to upright RGB pixels, in TensorFlow core ops only.

Training, probing and serving share this function. It is part of the exported graph, so it uses no Python per
photo and no Pillow. JPEG, PNG, GIF (its first frame) and BMP are told apart by their first bytes, not by a
name. The limits are checked on the header, before any pixel is allocated.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import tensorflow as tf

from aesthkeras.photos import headers
from aesthkeras.photos.gif import first_frame

MAX_PIXELS = 89_478_485  # Pillow's own limit against decompression bombs: 256 MiB of RGB
MIN_EDGE = 16  # pixels; below it nothing of a photo is left to enlarge
MAX_ASPECT = 100  # longer edge over shorter edge

# A function that stays one node in the graph: TensorFlow walks every node of a branch that is not taken, and
# that was half of the processor time for a small JPEG (0.75 ms, of which 0.36 ms are libjpeg's).
_rare = partial(tf.function, autograph=False, experimental_attributes={"_noinline": True})


@tf.autograph.experimental.do_not_convert  # nothing in here needs it, and tracing is slow with it
def decode_photo(contents: tf.Tensor, name: str | tf.Tensor = "") -> tf.Tensor:
    """Decode one photo to RGB, turned upright as its EXIF orientation says.

    Gray and palette become RGB, CMYK is converted as libjpeg and Pillow do, 16 bits are cut to the upper 8,
    transparent pixels are laid over white.

    Args:
        contents: string scalar, a JPEG, PNG, GIF or BMP as a file holds it.
        name: what an error message calls the photo (`image 3`); empty for no name.

    Returns:
        uint8 [height, width, 3].

    Raises:
        tf.errors.InvalidArgumentError: when the graph runs, for an empty file, another format, more than
            `MAX_PIXELS`, a shorter edge under `MIN_EDGE`, an aspect over `MAX_ASPECT`, and damaged or
            truncated data. `inspection.decoding_error` makes one sentence of it.
    """
    contents = tf.convert_to_tensor(contents, tf.string)
    name = tf.convert_to_tensor(name, tf.string)
    photo = tf.cond(
        _is_plain_jpeg(contents), lambda: _jpeg_pixels(contents), lambda: _decode_any(contents, name)
    )
    return tf.ensure_shape(photo, [None, None, 3])


def require_photo_size(shape: tf.Tensor, name: str | tf.Tensor, contents: tf.Tensor) -> tf.Tensor:
    """Return `contents` once the height and width in `shape` (int64 [2]) are within the limits.

    Raises:
        tf.errors.InvalidArgumentError: when the graph runs and they are not.
    """
    height, width = shape[0], shape[1]
    shorter, longer = tf.minimum(height, width), tf.maximum(height, width)

    def refused(why: str) -> Callable[[], tf.Tensor]:
        return lambda: tf.strings.format("{} x {} pixels, " + why, (width, height))

    is_small_enough = longer <= MAX_PIXELS // tf.maximum(shorter, 1)
    contents = _require(is_small_enough, name, refused(f"more than {MAX_PIXELS} in all"), contents)
    contents = _require(shorter >= MIN_EDGE, name, refused(f"shorter edge under {MIN_EDGE}"), contents)
    return _require(longer <= MAX_ASPECT * shorter, name, refused(f"longer than {MAX_ASPECT} to 1"), contents)


def over_white(photo: tf.Tensor) -> tf.Tensor:
    """Lay RGBA over white, rounded to nearest: uint8 [height, width, 4] -> uint8 [height, width, 3]."""

    def composite() -> tf.Tensor:
        color, alpha = tf.cast(photo[..., :3], tf.int32), tf.cast(photo[..., 3:], tf.int32)
        return tf.cast((color * alpha + 255 * (255 - alpha) + 127) // 255, tf.uint8)

    is_opaque = tf.reduce_all(tf.equal(photo[..., 3], 255))
    return tf.cond(is_opaque, lambda: photo[..., :3], composite)


def turn_upright(photo: tf.Tensor, exif: tf.Tensor) -> tf.Tensor:
    """Turn and mirror a photo as its EXIF orientation says.

    Args:
        photo: uint8 [height, width, 3].
        exif: string scalar, the EXIF data as `headers.exif_orientation` takes it; empty for none.

    Returns:
        uint8 [height, width, 3], with height and width exchanged where the photo was on its side.
    """

    def turned() -> tf.Tensor:
        return by_orientation(photo, headers.exif_orientation(exif))

    return tf.cond(tf.equal(exif, ""), lambda: photo, turned)


def by_orientation(photo: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
    """Undo an EXIF orientation, int64 [], 1 to 8: uint8 [height, width, 3] -> the same, upright."""
    is_on_side = orientation >= 5
    goes_leftwards = tf.reduce_any(tf.equal(orientation, [2, 3, 6, 7]))
    goes_upwards = tf.reduce_any(tf.equal(orientation, [3, 4, 7, 8]))
    photo = tf.cond(is_on_side, lambda: tf.transpose(photo, [1, 0, 2]), lambda: photo)
    mirrored = tf.cond(goes_leftwards, lambda: tf.reverse(photo, [1]), lambda: photo)
    return tf.cond(goes_upwards, lambda: tf.reverse(mirrored, [0]), lambda: mirrored)


def _decode_jpeg(contents: tf.Tensor, name: str | tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    contents = require_photo_size(headers.jpeg_shape(contents), name, contents)
    octets = tf.io.decode_raw(contents, tf.uint8)
    exif, tables = headers.jpeg_exif(contents, octets)

    def ends_somewhere() -> tf.Tensor:
        return tf.reduce_any(tf.equal(octets[tables:-1], 0xFF) & tf.equal(octets[tables + 1 :], 0xD9))

    # nearly every file ends with its end marker: only others are searched for it
    ends_well = headers.starts_with(
        contents, b"\xff\xd9", tf.maximum(tables, tf.size(octets, out_type=tf.int64) - 2)
    )
    is_whole = tf.cond(ends_well, lambda: tf.constant(True), ends_somewhere)
    contents = _require(is_whole, name, "the JPEG ends before its end marker: truncated", contents)
    return _jpeg_pixels(contents), exif


def _is_plain_jpeg(contents: tf.Tensor) -> tf.Tensor:
    """Whether `_decode_any` would find nothing to check or to turn: tables right behind JFIF's own segment.

    Most small photos are such files; walking the nodes of the general way takes as long as their pixels.
    """
    last = tf.cast(tf.strings.length(contents, unit="BYTE"), tf.int64) - 2
    is_plain = (
        headers.starts_with(contents, b"\xff\xd8\xff\xe0\x00\x10JFIF")
        & headers.starts_with(contents, b"\xff\xdb", 20)
        & headers.starts_with(contents, b"\xff\xd9", tf.maximum(last, 22))
    )
    return tf.cond(is_plain, lambda: _is_within_limits(headers.jpeg_shape(contents)), lambda: False)


def _is_within_limits(shape: tf.Tensor) -> tf.Tensor:
    shorter, longer = tf.reduce_min(shape), tf.reduce_max(shape)
    return (shorter >= MIN_EDGE) & (longer <= MAX_ASPECT * shorter) & (shorter * longer <= MAX_PIXELS)


def _jpeg_pixels(contents: tf.Tensor) -> tf.Tensor:
    # accurate, as Pillow decodes; TensorFlow's default differs from it by a few levels
    return tf.io.decode_jpeg(contents, channels=3, dct_method="INTEGER_ACCURATE")


@_rare
def _decode_any(contents: tf.Tensor, name: tf.Tensor) -> tf.Tensor:
    contents = _require(tf.not_equal(contents, ""), name, "the file is empty", contents)
    formats = tf.stack(
        [
            headers.starts_with(contents, b"\xff\xd8\xff"),
            headers.starts_with(contents, b"\x89PNG\r\n\x1a\n"),
            headers.starts_with(contents, b"GIF8"),
            headers.starts_with(contents, b"BM"),
        ]
    )
    contents = _require(tf.reduce_any(formats), name, "not a JPEG, PNG, GIF or BMP file", contents)
    decoders = [_decode_jpeg, _decode_png, _decode_gif, _decode_bmp]
    kind = tf.argmax(tf.cast(formats, tf.int32), output_type=tf.int32)
    photo, exif = tf.switch_case(kind, [partial(decode, contents, name) for decode in decoders])
    return turn_upright(photo, exif)


@_rare
def _decode_png(contents: tf.Tensor, name: str | tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    contents = require_photo_size(headers.png_shape(contents), name, contents)
    exif, transparent = headers.png_exif(contents)
    # 4 channels only where needed: of gray with less than 8 bits TensorFlow makes an alpha that is not 255
    photo = tf.cond(
        transparent,
        lambda: over_white(tf.io.decode_png(contents, channels=4)),
        lambda: tf.io.decode_png(contents, channels=3),
    )
    return photo, exif


@_rare
def _decode_gif(contents: tf.Tensor, name: str | tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    frame, shape = first_frame(contents)
    frame = _require(tf.reduce_all(shape > 0), name, "the GIF holds no image", frame)
    frame = require_photo_size(shape, name, frame)
    return tf.io.decode_image(frame, channels=3, expand_animations=False), tf.constant("")


@_rare
def _decode_bmp(contents: tf.Tensor, name: str | tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    header, bits = headers.unsigned_at(contents, 14, 4, True), headers.unsigned_at(contents, 28, 2, True)
    is_of_os2 = tf.equal(header, 12)  # with another layout: what follows would read a wrong size
    contents = _require(tf.logical_not(is_of_os2), name, "a BMP of OS/2 is not supported", contents)
    contents = require_photo_size(headers.bmp_shape(contents), name, contents)
    masks = [headers.unsigned_at(contents, 54 + 4 * channel, 4, True) for channel in range(4)]
    compression = headers.unsigned_at(contents, 30, 4, True)
    # masks in the order that files without masks have; anything else TensorFlow would read as if it were that
    is_usual = tf.reduce_all(tf.equal(masks[:3], [0xFF0000, 0xFF00, 0xFF])) & tf.equal(bits, 32)
    is_plain = tf.equal(compression, 0) | (tf.equal(compression, 3) & is_usual)
    is_known = (header >= 40) & is_plain & tf.reduce_any(tf.equal(bits, [8, 24, 32]))
    contents = _require(
        is_known,
        name,
        lambda: tf.strings.format("a BMP of {} bits a pixel in an uncommon or compressed form", bits),
        contents,
    )
    has_alpha = tf.equal(compression, 3) & (header >= 56) & tf.equal(masks[3], 0xFF000000)

    def from_palette() -> tf.Tensor:
        colors = tf.io.decode_raw(tf.strings.substr(contents, 14 + header, 1024), tf.uint8, fixed_length=1024)
        palette = tf.reverse(tf.reshape(colors, [256, 4])[:, :3], [1])  # stored as blue, green, red
        return tf.gather(palette, tf.cast(tf.io.decode_bmp(contents)[..., 0], tf.int32))

    def from_bgra() -> tf.Tensor:
        photo = tf.io.decode_bmp(contents, channels=4)
        # without an alpha mask the fourth byte is padding
        return tf.cond(has_alpha, lambda: over_white(photo), lambda: photo[..., :3])

    photo = tf.case(
        [(tf.equal(bits, 8), from_palette), (tf.equal(bits, 32), from_bgra)],
        default=lambda: tf.io.decode_bmp(contents, channels=3),
    )
    return photo, tf.constant("")


def _require(
    condition: tf.Tensor, name: str | tf.Tensor, message: str | Callable[[], tf.Tensor], contents: tf.Tensor
) -> tf.Tensor:
    """Return `contents`, which what follows must use, so that it runs after the check."""

    def refuse() -> tf.Tensor:
        text = message if isinstance(message, str) else message()
        prefix = tf.where(tf.equal(name, ""), "", tf.strings.join([name, ": "]))
        check = tf.debugging.Assert(condition, [tf.strings.join([prefix, text])])
        with tf.control_dependencies([check] if check is not None else []):
            return tf.identity(contents)

    return tf.cond(condition, lambda: contents, refuse)
