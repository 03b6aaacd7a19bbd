"""The one pass over the photos: each file is read and decoded once, and the rest follows from that."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from aesthkeras.culling.glimpses import squeezed
from aesthkeras.photos.photo_files import needs_more_formats, refusal_reason
from aesthkeras.photos.reading import Finish, decode_files
from aesthkeras.photos.views import resize_shorter_edge
from aesthkeras.preparation.settings import PreparationSettings
from aesthkeras.storage import is_remote, read_whole


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
        places: indices of the photos to examine, int64 [photos]; no pipe or device among them.
        settings: how the photos are stored.
        more_formats: whether to decode WebP, TIFF, AVIF and HEIC as well, by Pillow.
    """
    decoded = decode_files(paths, places, _stored(settings), more_formats)
    for place, contents, stored, thumbnail, shape, stored_shape in decoded:
        yield Examined(
            int(place),
            stored or contents,
            hashlib.sha256(contents).hexdigest(),
            len(contents),
            thumbnail,
            (int(shape[0]), int(shape[1])),
            (int(stored_shape[0]), int(stored_shape[1])),
        )


@lru_cache(maxsize=2)
def _stored(settings: PreparationSettings) -> Finish:
    """The file, what to store (empty for the file itself), the thumbnail, and the two shapes."""

    def finish(photo: tf.Tensor, contents: tf.Tensor) -> tuple[tf.Tensor, ...]:
        if settings.original_bytes:
            kept, stored = photo, tf.constant(b"")  # the file crosses to Python once
        else:
            kept = resize_shorter_edge(photo, settings.resize)
            stored = tf.io.encode_jpeg(kept, quality=settings.jpeg_quality)
        return contents, stored, squeezed(kept), tf.shape(photo)[:2], tf.shape(kept)[:2]

    return finish


def only_more_formats_can(path: str) -> bool:
    """Whether a photo, here or on a store, may be decoded with `more_formats` only."""
    with _local_copy(path) as local:
        return needs_more_formats(local)


def failure(path: str) -> str:
    """Return why a photo cannot be decoded, in one sentence; it is decoded again, alone."""
    with _local_copy(path) as local:
        return refusal_reason(local)


@contextlib.contextmanager
def _local_copy(path: str) -> Iterator[str]:
    """Yield the path of a photo on this machine: its own, or for a photo on a store that of a copy."""
    if not is_remote(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="aesthkeras-") as folder:
        copy = os.path.join(folder, "photo" + os.path.splitext(path)[1])  # its ending tells a raw file
        with contextlib.suppress(OSError, tf.errors.OpError):  # then "no such file" is the reason to give
            content = read_whole(path)
            with open(copy, "wb") as out:
                out.write(content)
        yield copy
