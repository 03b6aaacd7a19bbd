"""The one pass over the photos: each file is read and decoded once, and everything else follows from that."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from aesthkeras.photos.inspection import needs_more_formats, photo_decoder, reason_for
from aesthkeras.photos.storage import is_remote, read_whole
from aesthkeras.photos.views import resize_shorter_edge
from aesthkeras.preparation.perceptual import THUMBNAIL
from aesthkeras.preparation.settings import PreparationSettings

_AT_ONCE = 16  # photos that cross from TensorFlow to Python together


class Examined(NamedTuple):
    """A photo that could be decoded.

    Attributes:
        place: its index among the paths.
        stored: what goes into the shard: a JPEG of the resized photo, or the file as it is.
        content: SHA-256 of the file, in hexadecimal.
        file_bytes: size of the file.
        thumbnail: uint8 [32, 32, 3], the whole photo squeezed into the square.
        shape: height and width of the photo, upright.
        stored_shape: height and width of what is stored, upright.
    """

    place: int
    stored: bytes
    content: str
    file_bytes: int
    thumbnail: np.ndarray
    shape: tuple[int, int]
    stored_shape: tuple[int, int]


def examine(
    paths: Sequence[str], places: np.ndarray, settings: PreparationSettings, more_formats: bool = False
) -> Iterator[Examined]:
    """Decode photos in parallel and yield, in order, those that come out; those that fail are skipped.

    Args:
        paths: of photos on this machine or on a store.
        places: indices of the photos to examine, int64 [photos].
        settings: how the photos are stored.
        more_formats: whether to decode WebP, TIFF and AVIF as well, by tensorflow-io.
    """
    names = tf.constant([os.fsencode(paths[place]) for place in places], tf.string)
    photos = tf.data.Dataset.from_tensor_slices((places, names))
    # AUTOTUNE starts anew, at one call, with every shard
    calls = 2 * len(os.sched_getaffinity(0))
    examined = _examiner(settings, more_formats)
    photos = photos.map(examined, num_parallel_calls=calls, deterministic=True)
    photos = photos.ignore_errors(log_warning=False).batch(_AT_ONCE).prefetch(2)
    for batch in photos.as_numpy_iterator():
        for place, contents, stored, thumbnail, shape, stored_shape in zip(*batch):
            yield Examined(
                int(place),
                stored or contents,
                hashlib.sha256(contents).hexdigest(),
                len(contents),
                thumbnail,
                (int(shape[0]), int(shape[1])),
                (int(stored_shape[0]), int(stored_shape[1])),
            )


@lru_cache(maxsize=2)  # traced once: a graph for every shard with a WebP would fill the memory
def _examiner(settings: PreparationSettings, more_formats: bool) -> Any:
    """(place, path) -> place, file, what to store (empty for the file), thumbnail, both shapes."""
    decode = photo_decoder(more_formats)

    def examined(place: tf.Tensor, path: tf.Tensor) -> tuple[tf.Tensor, ...]:
        contents = tf.io.read_file(path)
        photo = decode(contents, tf.constant(""))
        if settings.original_bytes:
            kept, stored = photo, tf.constant(b"")  # the file crosses to Python once
        else:
            kept = resize_shorter_edge(photo, settings.resize)
            stored = tf.io.encode_jpeg(kept, quality=settings.jpeg_quality)
        small = tf.image.resize(kept, [THUMBNAIL, THUMBNAIL], method="area")
        thumbnail = tf.cast(tf.round(small), tf.uint8)
        return place, contents, stored, thumbnail, tf.shape(photo)[:2], tf.shape(kept)[:2]

    specification = [tf.TensorSpec([], tf.int64), tf.TensorSpec([], tf.string)]
    return tf.function(examined, input_signature=specification, autograph=False)


def only_more_formats_can(path: str) -> bool:
    """Whether a photo that failed without `more_formats` is worth another try with it."""
    with _LocalCopy(path) as local:
        return needs_more_formats(local)


def failure(path: str) -> str:
    """Return why a photo cannot be decoded, in one sentence; it is decoded again, alone."""
    with _LocalCopy(path) as local:
        return reason_for(local)


class _LocalCopy:
    """The path of a photo on this machine: its own, or that of a copy that is gone afterwards."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._copy: str | None = None

    def __enter__(self) -> str:
        if not is_remote(self._path):
            return self._path
        handle, self._copy = tempfile.mkstemp(prefix="aesthkeras-")
        os.close(handle)
        try:
            with open(self._copy, "wb") as out:
                out.write(read_whole(self._path))
        except tf.errors.OpError:
            os.remove(self._copy)  # what is not there cannot be read, and that is the reason to give
        return self._copy

    def __exit__(self, *_: object) -> None:
        if self._copy and os.path.exists(self._copy):
            os.remove(self._copy)
