"""A BMP of the common kinds, as Pillow shows it, in TensorFlow core ops."""

from __future__ import annotations

import tensorflow as tf

from aesthkeras.decoding.limits import require_in_graph, require_photo_size
from aesthkeras.decoding.octets import part, unsigned_at
from aesthkeras.decoding.orientation import UPRIGHT
from aesthkeras.decoding.png import over_white


def decode_bmp(contents: tf.Tensor, name: str | tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Decode a BMP after its checks.

    Args:
        contents: string scalar, a file that begins as a BMP.
        name: what an error message calls it.

    Returns:
        Its pixels, uint8 [height, width, 3], and its orientation, int64 []: upright.

    Raises:
        tf.errors.InvalidArgumentError: when the graph runs: as `photo.decode_photo`.
    """
    header, bits = unsigned_at(contents, 14, 4, True), unsigned_at(contents, 28, 2, True)
    is_of_os2 = tf.equal(header, 12)  # with another layout: what follows would read a wrong size
    contents = require_in_graph(tf.logical_not(is_of_os2), name, "a BMP of OS/2 is not supported", contents)
    contents = require_photo_size(_shape(contents), name, contents)
    masks = [unsigned_at(contents, 54 + 4 * channel, 4, True) for channel in range(4)]
    compression = unsigned_at(contents, 30, 4, True)
    # masks in the order that files without masks have; anything else TensorFlow would read as if it were that
    is_usual = tf.reduce_all(tf.equal(masks[:3], [0xFF0000, 0xFF00, 0xFF])) & tf.equal(bits, 32)
    is_plain = tf.equal(compression, 0) | (tf.equal(compression, 3) & is_usual)
    is_known = is_plain & tf.reduce_any(tf.equal(bits, [8, 24, 32])) & (header >= 40) & (header <= 124)
    contents = require_in_graph(
        is_known,
        name,
        tf.strings.format("a BMP of {} bits a pixel in an uncommon or compressed form", bits),
        contents,
    )
    has_alpha = tf.equal(compression, 3) & (header >= 56) & tf.equal(masks[3], 0xFF000000)

    def from_palette() -> tf.Tensor:
        colors = tf.io.decode_raw(part(contents, 14 + header, 1024), tf.uint8, fixed_length=1024)
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
    return photo, tf.constant(UPRIGHT, tf.int64)


def _shape(contents: tf.Tensor) -> tf.Tensor:
    """Height and width, int64 [2], as the info header says (rows from top down: -height)."""
    height = unsigned_at(contents, 22, 4, True)
    height = tf.where(height >= 2**31, 2**32 - height, height)
    return tf.stack([height, unsigned_at(contents, 18, 4, True)])
