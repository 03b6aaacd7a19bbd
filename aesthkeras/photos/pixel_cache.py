"""Decoded and resized photos in one flat file, read by the tf.data graph without Python and without a copy.

The file is mapped into memory and handed to TensorFlow as one uint8 tensor; a photo is a slice of it. The
system reads pages when they are touched and drops them when memory is short.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, cast

import numpy as np
import tensorflow as tf

from aesthkeras.errors import UsageError

CACHES = ("none", "memory", "disk")


@dataclass(frozen=True)
class PixelCache:
    """Resized photos by index.

    Attributes:
        edge: length of their shorter edge, in pixels.
        octets: all pixels, uint8 [total], row by row, RGB.
        starts: where each photo begins in `octets`, int64 [photos]; -1 for one that is not in it.
        shapes: height and width of each, int32 [photos, 2].
        more_formats: whether some of the files need Pillow.
    """

    edge: int
    octets: np.ndarray
    starts: np.ndarray
    shapes: np.ndarray
    more_formats: bool = False

    def tensors(self) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return octets, starts and shapes as tensors, the octets on the very memory of the map."""
        octets = tf.experimental.dlpack.from_dlpack(self.octets.__dlpack__())
        return octets, tf.constant(self.starts, tf.int64), tf.constant(self.shapes, tf.int32)

    def reader(self) -> Callable[[tf.Tensor], tf.Tensor]:
        """Return the function, for a tf.data graph, from a photo's index to its pixels, uint8 [h, w, 3]."""
        octets, starts, shapes = self.tensors()

        def read(photo: tf.Tensor) -> tf.Tensor:
            shape = tf.concat([shapes[photo], [3]], 0)
            pixels = tf.slice(octets, [starts[photo]], [tf.cast(tf.reduce_prod(shape), tf.int64)])
            return tf.ensure_shape(tf.reshape(pixels, shape), [None, None, 3])

        return read

    def of(self, indices: np.ndarray) -> PixelCache:
        """Return the cache in which photo k is this one's photo `indices[k]`; the pixels are shared."""
        return PixelCache(
            self.edge, self.octets, self.starts[indices], self.shapes[indices], self.more_formats
        )


class PixelCacheWriter:
    """Collects resized photos, in any order, and turns them into a `PixelCache`.

    A context manager: leaving it without `finish` leaves no file behind.
    """

    def __init__(self, photo_count: int, edge: int, path: str | None = None) -> None:
        """Start a cache.

        Args:
            photo_count: number of photos that it may hold.
            edge: length of their shorter edge.
            path: the file without its suffix, in a folder that no other process writes to; None keeps the
                pixels in memory.

        Raises:
            UsageError: the folder of `path` cannot be written.
        """
        self._edge = edge
        self._path = path
        # always the same name, as in `files`; the run folder's lock keeps other processes away
        self._aside = f"{path}.part"
        self._starts = np.full(photo_count, -1, np.int64)
        self._shapes = np.zeros((photo_count, 2), np.int32)
        self._total = 0
        try:
            if path is not None:
                os.makedirs(os.path.dirname(path), exist_ok=True)
            self._file = _memory_file() if path is None else cast(BinaryIO, open(self._aside, "w+b"))  # noqa: SIM115
        except OSError as error:
            raise _cannot_write(self._aside, error) from error

    def add(self, index: int, pixels: np.ndarray) -> None:
        """Append photo `index`, uint8 [height, width, 3].

        Raises:
            UsageError: the disk is full.
        """
        try:
            self._file.write(np.ascontiguousarray(pixels).data)
        except OSError as error:
            raise _cannot_write(self._aside, error) from error
        self._starts[index] = self._total
        self._shapes[index] = pixels.shape[:2]
        self._total += pixels.size

    def finish(self, fingerprint: str, more_formats: bool) -> PixelCache:
        """Put the file and its index in place, the index last, and return the cache.

        Raises:
            UsageError: the disk is full.
        """
        try:
            self._file.flush()
            if self._path is not None:
                # otherwise a crash of the machine could leave the name without the pixels
                os.fsync(self._file.fileno())
                os.replace(self._aside, self._path + ".u8")
                with open(self._aside, "wb") as index:
                    np.savez(
                        index,
                        fingerprint=fingerprint,
                        edge=self._edge,
                        more_formats=more_formats,
                        starts=self._starts,
                        shapes=self._shapes,
                    )
                    index.flush()
                    os.fsync(index.fileno())
                os.replace(self._aside, self._path + ".npz")
        except OSError as error:
            raise _cannot_write(self._aside, error) from error
        return PixelCache(
            self._edge, _mapped(self._file, self._total), self._starts, self._shapes, more_formats
        )

    def __enter__(self) -> PixelCacheWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()  # a map keeps its own hold on the file
        if self._path is not None and os.path.exists(self._aside):
            os.remove(self._aside)


def cache_place(cache: str, run_dir: str, fingerprint: str, edge: int) -> str | None:
    """Return where a cache of these photos lies, without suffix: `.u8` are the pixels, `.npz` the index.

    None for a cache that is not on disk; raises `UsageError` for one that is not in `CACHES`.
    """
    if cache not in CACHES:
        raise UsageError(f"cache={cache}: expected one of {', '.join(CACHES)}")
    return os.path.join(run_dir, "cache", f"{fingerprint[:16]}-{edge}") if cache == "disk" else None


def load_pixel_cache(path: str | None, fingerprint: str) -> PixelCache | None:
    """Return the finished cache at `path` (without suffix), or None where there is none for these photos."""
    if path is None:
        return None
    try:
        with np.load(path + ".npz") as index:
            if str(index["fingerprint"]) != fingerprint:
                return None
            edge, starts, shapes = int(index["edge"]), index["starts"], index["shapes"]
            more_formats = bool(index["more_formats"])
        total = 3 * int(np.prod(shapes[starts >= 0], axis=1, dtype=np.int64).sum())
        if os.path.getsize(path + ".u8") != total:
            return None
        with open(path + ".u8", "rb") as octets:
            return PixelCache(edge, _mapped(octets, total), starts, shapes, more_formats)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _mapped(octets: BinaryIO, total: int) -> np.ndarray:
    if total == 0:
        return np.zeros(0, np.uint8)
    # "c": DLPack takes no read-only memory; nothing writes to it
    return np.memmap(octets, np.uint8, mode="c", shape=(total,))


def _memory_file() -> BinaryIO:
    if hasattr(os, "memfd_create"):
        return cast(BinaryIO, os.fdopen(os.memfd_create("aesthkeras-pixels"), "w+b"))
    return cast(BinaryIO, tempfile.TemporaryFile())  # elsewhere than on Linux


def _cannot_write(path: str, error: OSError) -> UsageError:
    return UsageError(f"cache: expected to be able to write {path}: {error.strerror or error}")
