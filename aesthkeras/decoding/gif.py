"""The first frame of a GIF, cut out of the file's bytes in TensorFlow core ops.

TensorFlow's decoder unpacks every frame of an animation and paints transparent pixels black. So the bytes are
rewritten to a GIF of one opaque frame before they are decoded: an animation costs what its first frame costs.
The layout is that of the GIF89a specification (CompuServe, 1990).
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from aesthkeras.decoding.limits import require_in_graph, require_photo_size
from aesthkeras.decoding.octets import between, byte_count, numbers_at, part, unsigned_at
from aesthkeras.decoding.orientation import UPRIGHT

MOST_EXTENSIONS = 500  # before the first image; a GIF has some three
_EXTENSION, _IMAGE, _CONTROL = 0x21, 0x2C, 0xF9
_HEADER = 13  # signature and logical screen descriptor
_DESCRIPTOR = 10  # image descriptor with its separator
_WINDOW = 1 << 14  # bytes of data blocks that are walked together
_LONGEST_BLOCK = 256


class _Frame(NamedTuple):
    """The first frame of a GIF and its place on the canvas, int64 [].

    Attributes:
        start: where its descriptor begins.
        transparent: the index of the transparent colour, -1 for none.
        box: left, top, width and height, int64 [4].
        table_bytes: size of its own colour table, 0 where it has none.
    """

    start: tf.Tensor
    transparent: tf.Tensor
    box: tf.Tensor
    table_bytes: tf.Tensor


def decode_gif(contents: tf.Tensor, name: str | tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Decode the first frame of a GIF; what is transparent is white.

    As in Pillow, a canvas that is larger than the frame is transparent too, or of the first colour of the
    frame's table where the frame has no transparent one; and a canvas that is smaller grows.

    Args:
        contents: string scalar, a file that begins as a GIF.
        name: what an error message calls it.

    Returns:
        Its pixels, uint8 [height, width, 3], and its orientation, int64 []: upright.

    Raises:
        tf.errors.InvalidArgumentError: when the graph runs: as `photo.decode_photo`.
    """
    frame, walked = _first_frame(contents)
    few = walked < MOST_EXTENSIONS
    contents = require_in_graph(
        few, name, f"the GIF has over {MOST_EXTENSIONS} extensions before its image", contents
    )
    has_image = tf.equal(unsigned_at(contents, frame.start, 1), _IMAGE) & tf.reduce_all(frame.box[2:] > 0)
    contents = require_in_graph(has_image, name, "the GIF holds no image", contents)
    screen = tf.stack([unsigned_at(contents, 6, 2, True), unsigned_at(contents, 8, 2, True)])
    canvas = tf.maximum(screen, frame.box[:2] + frame.box[2:])[::-1]
    contents = require_photo_size(canvas, name, contents)
    pixels = tf.io.decode_image(_alone(contents, frame), channels=3, expand_animations=False)
    pixels = tf.ensure_shape(pixels, [None, None, 3])
    is_all = tf.reduce_all(tf.equal(canvas, frame.box[:1:-1]))
    photo = tf.cond(is_all, lambda: pixels, lambda: _on_canvas(contents, frame, pixels, canvas))
    return photo, tf.constant(UPRIGHT, tf.int64)


def _first_frame(contents: tf.Tensor) -> tuple[_Frame, tf.Tensor]:
    """The first frame, and how many extensions lie before it."""
    none = tf.constant(-1, tf.int64)

    def is_extension(position: tf.Tensor, walked: tf.Tensor, transparent: tf.Tensor) -> tf.Tensor:
        del transparent
        return tf.equal(unsigned_at(contents, position, 1), _EXTENSION) & (walked < MOST_EXTENSIONS)

    def skip(
        position: tf.Tensor, walked: tf.Tensor, transparent: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        octets = numbers_at(contents, position, 7)
        names_color = tf.equal(octets[1], _CONTROL) & tf.equal(octets[3] % 2, 1)
        transparent = tf.where(names_color, octets[6], transparent)
        return _behind_blocks(contents, position + 2), walked + 1, transparent

    first = _HEADER + _table_bytes(unsigned_at(contents, 10, 1))
    start, walked, transparent = tf.while_loop(is_extension, skip, [first, tf.constant(0, tf.int64), none])
    box = [unsigned_at(contents, start + place, 2, True) for place in (1, 3, 5, 7)]
    table_bytes = _table_bytes(unsigned_at(contents, start + 9, 1))
    return _Frame(start, transparent, tf.stack(box), table_bytes), walked


def _behind_blocks(contents: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
    """Return the position behind a chain of blocks: each a length and that many bytes, up to length 0.

    A block may have one byte, and each round of a loop takes some microseconds. So every byte of a window is
    taken for a length, and the jumps are composed with themselves until the first has reached its end: the
    rounds grow with the logarithm of the number of blocks.
    """
    size = byte_count(contents)

    def goes_on(position: tf.Tensor) -> tf.Tensor:
        return (position < size) & (unsigned_at(contents, position, 1) > 0)

    def next_window(position: tf.Tensor) -> tuple[tf.Tensor]:
        lengths = tf.cast(tf.io.decode_raw(part(contents, position, _WINDOW), tf.uint8), tf.int32)
        places = tf.range(tf.size(lengths) + _LONGEST_BLOCK)
        # behind the window, and at an end of the chain, a jump leads nowhere
        inside = tf.pad(tf.where(lengths > 0, lengths + 1, 0), [[0, _LONGEST_BLOCK]])

        def is_under_way(reached: tf.Tensor, jumps: tf.Tensor) -> tf.Tensor:
            return tf.not_equal(jumps[reached], reached)

        def double(reached: tf.Tensor, jumps: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return jumps[reached], tf.gather(jumps, jumps)

        reached, _ = tf.while_loop(is_under_way, double, [tf.constant(0), places + inside])
        return (position + tf.cast(reached, tf.int64),)

    (last,) = tf.while_loop(goes_on, next_window, [start])
    return last + 1


def _alone(contents: tf.Tensor, frame: _Frame) -> tf.Tensor:
    """A GIF of this frame alone, which fills its canvas, with its transparent colour in white."""

    def whitened(start: int | tf.Tensor, table_bytes: tf.Tensor) -> tf.Tensor:
        color, end = start + 3 * tf.maximum(frame.transparent, 0), start + table_bytes
        white = [between(contents, start, color), b"\xff\xff\xff", between(contents, color + 3, end)]
        is_inside = (frame.transparent >= 0) & (color + 3 <= end)
        return tf.where(is_inside, tf.strings.join(white), between(contents, start, end))

    table = frame.start + _DESCRIPTOR
    data = table + frame.table_bytes
    parts = [
        part(contents, 0, _HEADER),
        whitened(_HEADER, _table_bytes(unsigned_at(contents, 10, 1))),
        b"\x2c\0\0\0\0",  # the frame's own place on the canvas, set to its upper left corner
        between(contents, frame.start + 5, table),
        whitened(table, frame.table_bytes),
        between(contents, data, _behind_blocks(contents, data + 1)),
        b"\x3b",
    ]
    return tf.strings.join(parts)


def _on_canvas(contents: tf.Tensor, frame: _Frame, pixels: tf.Tensor, canvas: tf.Tensor) -> tf.Tensor:
    """Lay a frame, uint8 [height, width, 3], on its canvas of height and width in `canvas`, int64 [2]."""
    left, top, width, height = tf.unstack(frame.box)
    table = tf.where(frame.table_bytes > 0, frame.start + _DESCRIPTOR, _HEADER)
    first = tf.cast(numbers_at(contents, table, 3), tf.uint8)
    color = tf.where(frame.transparent >= 0, tf.constant(255, tf.uint8), first)

    def ground(rows: tf.Tensor, columns: tf.Tensor) -> tf.Tensor:
        return tf.broadcast_to(color, tf.stack([rows, columns, 3]))

    row = tf.concat([ground(height, left), pixels, ground(height, canvas[1] - left - width)], axis=1)
    above, below = ground(top, canvas[1]), ground(canvas[0] - top - height, canvas[1])
    return tf.concat([above, row, below], axis=0)


def _table_bytes(flags: tf.Tensor) -> tf.Tensor:
    """Size of the colour table that the flags of a descriptor announce, int64 []."""
    return tf.where(flags >= 0x80, 3 * 2 ** (flags % 8 + 1), tf.zeros_like(flags))
