"""What a photo must keep within, and checks in a graph that end in a sentence."""

from __future__ import annotations

import tensorflow as tf

MAX_PIXELS = 89_478_485  # Pillow's own limit against decompression bombs: 256 MiB of RGB
MIN_EDGE = 16  # pixels; below it nothing of a photo is left to enlarge
MAX_ASPECT = 100  # longer edge over shorter edge


def require_in_graph(
    condition: tf.Tensor, name: str | tf.Tensor, message: str | tf.Tensor, contents: tf.Tensor
) -> tf.Tensor:
    """Return `contents`, which what follows must use, so that it runs after the check.

    Raises:
        tf.errors.InvalidArgumentError: when the graph runs and `condition` does not hold: `message`, behind
            `name` where that is not empty.
    """
    prefix = tf.where(tf.equal(name, ""), "", tf.strings.join([name, ": "]))
    # tf.debugging.Assert makes two branches of each check, and a graph takes longer to set up for each branch
    check = tf.raw_ops.Assert(condition=condition, data=[tf.strings.join([prefix, message])])
    with tf.control_dependencies([check] if check is not None else []):
        return tf.identity(contents)


def require_photo_size(shape: tf.Tensor, name: str | tf.Tensor, contents: tf.Tensor) -> tf.Tensor:
    """Return `contents` once the height and width in `shape` (int64 [2]) are within the limits.

    Raises:
        tf.errors.InvalidArgumentError: when the graph runs and they are not.
    """
    height, width = shape[0], shape[1]
    shorter, longer = tf.minimum(height, width), tf.maximum(height, width)

    def refused(why: str) -> tf.Tensor:
        return tf.strings.format("{} x {} pixels, " + why, (width, height))

    is_small_enough = longer <= MAX_PIXELS // tf.maximum(shorter, 1)
    contents = require_in_graph(is_small_enough, name, refused(f"more than {MAX_PIXELS} in all"), contents)
    contents = require_in_graph(
        shorter >= MIN_EDGE, name, refused(f"shorter edge under {MIN_EDGE}"), contents
    )
    return require_in_graph(
        longer <= MAX_ASPECT * shorter, name, refused(f"longer than {MAX_ASPECT} to 1"), contents
    )


def is_within_limits(shape: tf.Tensor) -> tf.Tensor:
    """Return whether `require_photo_size` would find nothing, bool []."""
    shorter, longer = tf.reduce_min(shape), tf.reduce_max(shape)
    return (shorter >= MIN_EDGE) & (longer <= MAX_ASPECT * shorter) & (shorter * longer <= MAX_PIXELS)


def size_refusal(width: int, height: int) -> str:
    """Return why a size is out of the limits, in the words of `require_photo_size`; empty within them."""
    size, shorter, longer = f"{width} x {height} pixels", min(width, height), max(width, height)
    if shorter * longer > MAX_PIXELS:
        return f"{size}, more than {MAX_PIXELS} in all"
    if shorter < MIN_EDGE:
        return f"{size}, shorter edge under {MIN_EDGE}"
    return f"{size}, longer than {MAX_ASPECT} to 1" if longer > MAX_ASPECT * shorter else ""
