"""Photo files decoded in parallel while something else is at work, in the order of their paths."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from aesthkeras.machine import usable_cores
from aesthkeras.photos.bars import without_bars
from aesthkeras.photos.contents import whole_file
from aesthkeras.photos.photo_files import look_at, photo_decoder, refusal_reason
from aesthkeras.photos.raw_previews import READ_AS, look_with_previews, preview_refusal, whole_preview
from aesthkeras.photos.views import resize_shorter_edge, spread_crops
from aesthkeras.storage import tensorflow_opens

THUMBNAIL_EDGES = (180, 360)  # shorter and longer one in pixels; neither is exceeded
THUMBNAIL_QUALITY = 75
WITHOUT_BARS = "without its bars"
_AHEAD = 4  # photos begun and not yet asked for, for each thread

# photo, uint8 [height, width, 3], and the bytes of its file -> what is wanted of it
Finish = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, ...]]
# photo and resized photo, uint8 [height, width, 3] -> what else is wanted of it
Look = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, ...]]


class Photo(NamedTuple):
    """A photo as the network takes it, or why it cannot.

    Attributes:
        path: its file.
        error: why it cannot be read, in one sentence; empty where it can.
        crops: uint8 ``[crops, S, S, 3]``; none where it cannot be read.
        shape: height and width of the resized photo; zeros where it cannot be read.
        thumbnail: a small JPEG of the whole photo; empty unless asked for.
        size: height and width of the photo as its file holds it, upright; zeros where it cannot be read.
        read_as: what was read where that is not the whole photo itself; empty where it is.
        looked: what `look` made of it; empty where it cannot be read.
    """

    path: str
    error: str
    crops: np.ndarray
    shape: tuple[int, int] = (0, 0)
    thumbnail: bytes = b""
    size: tuple[int, int] = (0, 0)
    read_as: str = ""
    looked: tuple[np.ndarray, ...] = ()


def decode_files(
    paths: Sequence[str],
    indices: Sequence[int] | np.ndarray,
    finish: Finish,
    more_formats: bool = False,
    previews: bool = False,
) -> Iterator[tuple[Any, ...]]:
    """Decode some photos in parallel and yield, in order, those that come out; those that fail are skipped.

    Args:
        paths: of photos on this machine or on a store.
        indices: which of them; files that are no regular files must not be among them.
        finish: what to make of each photo, in a graph. It is traced once, so it must be the same object in
            every call: return it from a function with `lru_cache`.
        more_formats: whether to decode WebP, TIFF, AVIF and HEIC as well.
        previews: whether raw files on this machine are decoded by their previews.

    Yields:
        The index of a photo and what `finish` returned for it, as NumPy values.
    """
    by_tensorflow = all(tensorflow_opens(paths[index]) for index in indices)
    # Not a dataset: each one would set up the decoder's graph anew, for seconds
    decode = _file_decoder(finish, more_formats, by_tensorflow, previews)

    def decoded(index: int) -> tuple[Any, ...] | None:
        try:
            with tf.device("CPU:0"):
                return index, *(value.numpy() for value in decode(tf.constant(os.fsencode(paths[index]))))
        except tf.errors.OpError:
            return None

    threads = 2 * usable_cores()
    pool = ThreadPoolExecutor(threads)
    try:
        coming = (pool.submit(decoded, int(index)) for index in indices)
        waiting = deque(islice(coming, _AHEAD * threads))
        while waiting:
            photo = waiting.popleft().result()
            waiting.extend(islice(coming, 1))
            if photo is not None:
                yield photo
    finally:
        pool.shutdown(cancel_futures=True)


def read_photos(
    paths: Sequence[str],
    resize: int,
    crop: int,
    crops: int = 1,
    thumbnails: bool = False,
    cut_bars: bool = False,
    look: Look | None = None,
    previews: bool = False,
) -> Iterator[Photo]:
    """Yield one photo for each path, in order: the pixels of training and of the served model.

    WebP, TIFF, AVIF and HEIC, which the served model does not take, are decoded by Pillow.

    Args:
        paths: of photos on this machine; whatever else they name comes with an error.
        resize: shorter edge after the resize, in pixels.
        crop: edge of the crops in pixels.
        crops: how many, as `spread_crops` takes it.
        thumbnails: whether to make a small picture of each.
        cut_bars: whether to cut off uniform bars first, as `bars.without_bars` finds them.
        look: what else to make of each photo, in a graph; the same object in every call.
        previews: whether raw files are read by their previews, where `rawpy` is installed.
    """
    looks = [look_with_previews(path) if previews else look_at(path) for path in paths]
    readable = [index for index, first in enumerate(looks) if not first.refusal]
    more_formats = any(looks[index].more_formats for index in readable)
    has_previews = any(first.read_as == READ_AS for first in looks)
    finish = _crops(resize, crop, crops, thumbnails, cut_bars, look)
    decoded = decode_files(paths, readable, finish, more_formats, has_previews)
    following = next(decoded, None)
    for index, (path, first) in enumerate(zip(paths, looks)):
        if following is None or following[0] != index:
            none = np.zeros((0, crop, crop, 3), np.uint8)
            refusal = preview_refusal if first.read_as == READ_AS else refusal_reason
            yield Photo(path, first.refusal or refusal(path), none)
            continue
        _, pixels, shape, thumbnail, size, is_cut, *looked = following
        read_as = ", ".join(filter(None, [first.read_as, WITHOUT_BARS if is_cut else ""]))
        yield Photo(path, "", pixels, _pair(shape), thumbnail, _pair(size), read_as, tuple(looked))
        following = next(decoded, None)


def _pair(numbers: np.ndarray) -> tuple[int, int]:
    return int(numbers[0]), int(numbers[1])


@lru_cache(maxsize=8)  # a graph for every few thousand photos would fill the memory
def _file_decoder(
    finish: Finish, more_formats: bool, by_tensorflow: bool, previews: bool
) -> tf.types.experimental.ConcreteFunction:
    """The traced function: path -> what `finish` returns."""
    decode = photo_decoder(more_formats)

    def decoded(path: tf.Tensor) -> tuple[tf.Tensor, ...]:
        with tf.device("CPU:0"):  # as in a dataset: a GPU resizes to other last bits
            read = whole_preview if previews else partial(whole_file, by_tensorflow=by_tensorflow)
            contents = read(path)
            return finish(decode(contents, tf.constant("")), contents)

    path = tf.TensorSpec([], tf.string)
    return tf.function(decoded, input_signature=[path], autograph=False).get_concrete_function()


@lru_cache(maxsize=4)
def _crops(resize: int, crop: int, crops: int, thumbnails: bool, cut_bars: bool, look: Look | None) -> Finish:
    """Crops, shape when resized, thumbnail, size in the file, whether bars are cut, and what `look` made."""

    def finish(photo: tf.Tensor, contents: tf.Tensor) -> tuple[tf.Tensor, ...]:
        del contents
        size = tf.shape(photo)[:2]
        photo = without_bars(photo) if cut_bars else photo
        is_cut = tf.reduce_any(tf.shape(photo)[:2] != size)
        resized = resize_shorter_edge(photo, resize)
        thumbnail = _thumbnail(resized) if thumbnails else tf.constant(b"")
        looked = look(photo, resized) if look else ()
        return spread_crops(resized, crop, crops), tf.shape(resized)[:2], thumbnail, size, is_cut, *looked

    return finish


def _thumbnail(photo: tf.Tensor) -> tf.Tensor:
    edges = tf.cast(tf.shape(photo)[:2], tf.float32)
    scale = tf.minimum(THUMBNAIL_EDGES[0] / tf.reduce_min(edges), THUMBNAIL_EDGES[1] / tf.reduce_max(edges))
    small = tf.image.resize(photo, tf.cast(tf.round(edges * scale), tf.int32), method="area")
    return tf.io.encode_jpeg(tf.cast(tf.round(small), tf.uint8), quality=THUMBNAIL_QUALITY)
