"""From photo files to crops, decoded in parallel while the network is at work; none gets lost."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from aesthkeras.photos.inspection import photo_decoder, reason_for
from aesthkeras.photos.more_formats import format_by_signature, refusal
from aesthkeras.photos.quarantine import MAX_FILE_BYTES, file_size, unreadable_reason
from aesthkeras.photos.views import resize_shorter_edge, spread_crops

THUMBNAIL_EDGES = (180, 360)  # shorter and longer one in pixels; neither is exceeded
THUMBNAIL_QUALITY = 75
_AT_ONCE = 16  # photos that cross from TensorFlow to Python together
_BATCHES_AHEAD = 4


class Photo(NamedTuple):
    """A photo as the network takes it, or why it cannot.

    Attributes:
        path: its file.
        error: why it cannot be read, in one sentence; empty where it can.
        crops: uint8 ``[crops, S, S, 3]``; none where it cannot be read.
        shape: height and width of the resized photo; zeros where it cannot be read.
        thumbnail: a small JPEG of the whole photo; empty unless asked for.
    """

    path: str
    error: str
    crops: np.ndarray
    shape: tuple[int, int] = (0, 0)
    thumbnail: bytes = b""


def read_photos(
    paths: Sequence[str], resize: int, crop: int, crops: int = 1, thumbnails: bool = False
) -> Iterator[Photo]:
    """Yield one photo for each path, in order: the pixels of training and of the served model.

    WebP, TIFF and AVIF, which the served model does not take, are decoded by tensorflow-io.

    Args:
        paths: of photos on this machine; whatever else they name comes with an error.
        resize: shorter edge after the resize, in pixels.
        crop: edge of the crops in pixels.
        crops: how many, as `spread_crops` takes it.
        thumbnails: whether to make a small picture of each.
    """
    looks = [_first_look(path) for path in paths]
    readable = [place for place, (error, _) in enumerate(looks) if not error]
    more_formats = any(is_more for error, is_more in looks if not error)
    due = 0
    decoded = _decoded(paths, readable, more_formats, resize, crop, crops, thumbnails)
    for place, pixels, shape, thumbnail in decoded:
        yield from (_unreadable(paths[missed], looks[missed][0], crop) for missed in range(due, place))
        yield Photo(paths[place], "", pixels, (int(shape[0]), int(shape[1])), thumbnail)
        due = place + 1
    yield from (_unreadable(paths[missed], looks[missed][0], crop) for missed in range(due, len(paths)))


def _unreadable(path: str, error: str, crop: int) -> Photo:
    return Photo(path, error or reason_for(path), np.zeros((0, crop, crop, 3), np.uint8))


def _first_look(path: str) -> tuple[str, bool]:
    """Why a file is not worth decoding, else empty; and whether tensorflow-io has to do it."""
    if not 0 < file_size(path) <= MAX_FILE_BYTES:  # a pipe must not even be opened
        return unreadable_reason(path) or "could not be read at the first attempt", False
    try:
        if format_by_signature(path) is None:
            return "", False
        return refusal(path) or "", True
    except OSError as error:
        return f"cannot be read: {error.strerror or error}", False


def _decoded(
    paths: Sequence[str],
    places: Sequence[int],
    more_formats: bool,
    resize: int,
    crop: int,
    crops: int,
    thumbnails: bool,
) -> Iterator[tuple[int, np.ndarray, np.ndarray, bytes]]:
    """Place, crops, shape and thumbnail of the photos that can be decoded, in order."""
    names = tf.constant([os.fsencode(paths[place]) for place in places], tf.string)
    photos = tf.data.Dataset.from_tensor_slices((tf.constant(places, tf.int64), names))
    calls = 2 * len(os.sched_getaffinity(0))
    decoded = _decoder(more_formats, resize, crop, crops, thumbnails)
    photos = photos.map(decoded, num_parallel_calls=calls, deterministic=True)
    photos = photos.ignore_errors(log_warning=False).batch(_AT_ONCE).prefetch(_BATCHES_AHEAD)
    for batch in photos.as_numpy_iterator():
        yield from zip(*batch)


@lru_cache(maxsize=4)  # traced once: a graph for every few thousand photos would fill the memory
def _decoder(more_formats: bool, resize: int, crop: int, crops: int, thumbnails: bool) -> Any:
    """(place, path) -> place, crops, shape and thumbnail."""
    decode = photo_decoder(more_formats)

    def decoded(place: tf.Tensor, path: tf.Tensor) -> tuple[tf.Tensor, ...]:
        photo = resize_shorter_edge(decode(tf.io.read_file(path), tf.constant("")), resize)
        thumbnail = _thumbnail(photo) if thumbnails else tf.constant(b"")
        return place, spread_crops(photo, crop, crops), tf.shape(photo)[:2], thumbnail

    specification = [tf.TensorSpec([], tf.int64), tf.TensorSpec([], tf.string)]
    return tf.function(decoded, input_signature=specification, autograph=False)


def _thumbnail(photo: tf.Tensor) -> tf.Tensor:
    edges = tf.cast(tf.shape(photo)[:2], tf.float32)
    scale = tf.minimum(THUMBNAIL_EDGES[0] / tf.reduce_min(edges), THUMBNAIL_EDGES[1] / tf.reduce_max(edges))
    small = tf.image.resize(photo, tf.cast(tf.round(edges * scale), tf.int32), method="area")
    return tf.io.encode_jpeg(tf.cast(tf.round(small), tf.uint8), quality=THUMBNAIL_QUALITY)
