"""Photo files decoded in parallel while something else is at work, in the order of their paths."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from aesthkeras.machine import usable_cores
from aesthkeras.photos.contents import whole_file
from aesthkeras.photos.photo_files import look_at, photo_decoder, refusal_reason
from aesthkeras.photos.views import resize_shorter_edge, spread_crops
from aesthkeras.storage import tensorflow_opens

THUMBNAIL_EDGES = (180, 360)  # shorter and longer one in pixels; neither is exceeded
THUMBNAIL_QUALITY = 75
_BATCHES_AHEAD = 2

# photo, uint8 [height, width, 3], and the bytes of its file -> what is wanted of it
Finish = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, ...]]


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


def decode_files(
    paths: Sequence[str],
    indices: Sequence[int] | np.ndarray,
    finish: Finish,
    more_formats: bool = False,
    at_once: int = 16,
) -> Iterator[tuple[Any, ...]]:
    """Decode some photos in parallel and yield, in order, those that come out; those that fail are skipped.

    Args:
        paths: of photos on this machine or on a store.
        indices: which of them; files that are no regular files must not be among them.
        finish: what to make of each photo, for a tf.data graph. It is traced once, so it must be the same
            object in every call: return it from a function with `lru_cache`.
        more_formats: whether to decode WebP, TIFF, AVIF and HEIC as well.
        at_once: how many photos go from TensorFlow to Python together; 1 where their shapes differ.

    Yields:
        The index of a photo and what `finish` returned for it, as NumPy values.
    """
    names = tf.constant([os.fsencode(paths[index]) for index in indices], tf.string)
    files = tf.data.Dataset.from_tensor_slices((tf.constant(indices, tf.int64), names))
    by_tensorflow = all(tensorflow_opens(paths[index]) for index in indices)
    # AUTOTUNE would start with one call in every dataset, and there is a dataset for every few hundred photos
    photos = files.map(
        _file_decoder(finish, more_formats, by_tensorflow),
        num_parallel_calls=2 * usable_cores(),
        deterministic=True,
    )
    photos = photos.ignore_errors(log_warning=False)
    if at_once == 1:
        yield from photos.as_numpy_iterator()
        return
    for batch in photos.batch(at_once).prefetch(_BATCHES_AHEAD).as_numpy_iterator():
        yield from zip(*batch)


def read_photos(
    paths: Sequence[str], resize: int, crop: int, crops: int = 1, thumbnails: bool = False
) -> Iterator[Photo]:
    """Yield one photo for each path, in order: the pixels of training and of the served model.

    WebP, TIFF, AVIF and HEIC, which the served model does not take, are decoded by Pillow.

    Args:
        paths: of photos on this machine; whatever else they name comes with an error.
        resize: shorter edge after the resize, in pixels.
        crop: edge of the crops in pixels.
        crops: how many, as `spread_crops` takes it.
        thumbnails: whether to make a small picture of each.
    """
    looks = [look_at(path) for path in paths]
    readable = [index for index, look in enumerate(looks) if not look.refusal]
    more_formats = any(looks[index].more_formats for index in readable)
    decoded = decode_files(paths, readable, _crops(resize, crop, crops, thumbnails), more_formats)
    following = next(decoded, None)
    for index, (path, look) in enumerate(zip(paths, looks)):
        if following is None or following[0] != index:
            none = np.zeros((0, crop, crop, 3), np.uint8)
            yield Photo(path, look.refusal or refusal_reason(path), none)
            continue
        _, pixels, (height, width), thumbnail = following
        yield Photo(path, "", pixels, (int(height), int(width)), thumbnail)
        following = next(decoded, None)


@lru_cache(maxsize=8)  # a graph for every few thousand photos would fill the memory
def _file_decoder(finish: Finish, more_formats: bool, by_tensorflow: bool) -> Any:
    """The traced function: index and path -> index and what `finish` returns."""
    decode = photo_decoder(more_formats)

    def decoded(index: tf.Tensor, path: tf.Tensor) -> tuple[tf.Tensor, ...]:
        contents = whole_file(path, by_tensorflow)
        return index, *finish(decode(contents, tf.constant("")), contents)

    specification = [tf.TensorSpec([], tf.int64), tf.TensorSpec([], tf.string)]
    return tf.function(decoded, input_signature=specification, autograph=False)


@lru_cache(maxsize=4)
def _crops(resize: int, crop: int, crops: int, thumbnails: bool) -> Finish:
    """A photo's crops, the shape of the resized photo, and its thumbnail."""

    def finish(photo: tf.Tensor, contents: tf.Tensor) -> tuple[tf.Tensor, ...]:
        del contents
        resized = resize_shorter_edge(photo, resize)
        thumbnail = _thumbnail(resized) if thumbnails else tf.constant(b"")
        return spread_crops(resized, crop, crops), tf.shape(resized)[:2], thumbnail

    return finish


def _thumbnail(photo: tf.Tensor) -> tf.Tensor:
    edges = tf.cast(tf.shape(photo)[:2], tf.float32)
    scale = tf.minimum(THUMBNAIL_EDGES[0] / tf.reduce_min(edges), THUMBNAIL_EDGES[1] / tf.reduce_max(edges))
    small = tf.image.resize(photo, tf.cast(tf.round(edges * scale), tf.int32), method="area")
    return tf.io.encode_jpeg(tf.cast(tf.round(small), tf.uint8), quality=THUMBNAIL_QUALITY)
