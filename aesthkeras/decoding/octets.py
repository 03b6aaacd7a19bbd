"""The bytes of a file in a graph: compared and read as numbers, by core ops.

Reading past the end of a file gives zeros: a damaged header ends in a refused size, not in a node's error.
"""

from __future__ import annotations

from functools import partial
from typing import TypeAlias

import tensorflow as tf

# A function that stays one node in the graph: TensorFlow walks every node of a branch that is not taken, and
# that was half of the processor time for a small JPEG (0.75 ms, of which 0.36 ms are libjpeg's).
rare = partial(tf.function, autograph=False, experimental_attributes={"_noinline": True})

Position: TypeAlias = "int | tf.Tensor"


def byte_count(contents: tf.Tensor) -> tf.Tensor:
    """Return how many bytes a string scalar holds, int64 []."""
    return tf.cast(tf.strings.length(contents, unit="BYTE"), tf.int64)


def part(contents: tf.Tensor, position: Position, size: Position) -> tf.Tensor:
    """Return `size` bytes of a string scalar from `position` on, a string scalar; fewer at its end."""
    start = tf.minimum(tf.cast(position, tf.int64), byte_count(contents))
    return tf.strings.substr(contents, start, tf.cast(size, tf.int64), unit="BYTE")


def between(contents: tf.Tensor, start: Position, stop: Position) -> tf.Tensor:
    """Return the bytes of a string scalar from `start` up to `stop`, a string scalar."""
    length = tf.cast(stop, tf.int64) - tf.cast(start, tf.int64)
    return part(contents, start, tf.maximum(length, 0))


def starts_with(contents: tf.Tensor, prefix: bytes, position: Position = 0) -> tf.Tensor:
    """Return a bool scalar: does string scalar `contents` hold `prefix` at `position`?"""
    return tf.equal(part(contents, position, len(prefix)), prefix)


def numbers_at(contents: tf.Tensor, position: Position, count: int) -> tf.Tensor:
    """Return `count` bytes at `position` of a string scalar as numbers from 0 to 255, int64 [count]."""
    octets = tf.io.decode_raw(part(contents, position, count), tf.uint8, fixed_length=count)
    return tf.cast(octets, tf.int64)


def unsigned_at(
    contents: tf.Tensor, position: Position, size: int, little: bool | tf.Tensor = False
) -> tf.Tensor:
    """Return the unsigned integer of `size` (1 to 4) bytes at `position` of a string scalar, int64 []."""
    return unsigned(numbers_at(contents, position, size), little)


def unsigned(octets: tf.Tensor, little: bool | tf.Tensor) -> tf.Tensor:
    """Return the unsigned integers in int64 [..., size], one byte an element: int64 [...]."""
    rising = [256**power for power in range(octets.shape[-1])]
    weights = tf.where(little, tf.constant(rising, tf.int64), tf.constant(rising[::-1], tf.int64))
    return tf.reduce_sum(octets * weights, axis=-1)


def count_pairs(contents: tf.Tensor, first: int, second: int) -> tf.Tensor:
    """Return how often byte `second` follows byte `first` in a string scalar, int64 []."""
    octets = tf.io.decode_raw(contents, tf.uint8)
    found = tf.equal(octets[:-1], first) & tf.equal(octets[1:], second)
    return tf.math.count_nonzero(found)
