"""The photos of a run: every one of them can be decoded, and here is how to get at its pixels."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import tensorflow as tf

from aesthkeras.photos.photo_files import Decoder, photo_decoder
from aesthkeras.photos.pixel_cache import PixelCache
from aesthkeras.photos.slices import PhotoSlices


@dataclass(frozen=True)
class PhotoSet:
    """Photos that can be decoded, by index.

    Attributes:
        paths: their files, sorted; for photos in shards their ids.
        quarantined: how many more were found and refused.
        fingerprint: SHA-256 over names and sizes of all that were found, in hexadecimal; for shards over
            their checksums.
        pixels: the decoded and resized photos, where they are cached.
        more_formats: whether some of them need Pillow.
        slices: where they lie in their shards; None for photos that are files.
        labels: for shards, the class of each photo, int32 [photos]; -1 for a photo without one.
        classes: for shards, the names of these classes by index.
        folder: `data_dir` where they were found in a folder; empty for shards and the sample photos.
    """

    paths: Sequence[str]
    quarantined: int
    fingerprint: str
    pixels: PixelCache | None = None
    more_formats: bool = False
    slices: PhotoSlices | None = None
    labels: np.ndarray | None = None
    classes: tuple[str, ...] = ()
    folder: str = ""

    def of(self, indices: Sequence[int] | np.ndarray) -> PhotoSet:
        """Return the set in which photo k is this one's photo `indices[k]`."""
        chosen = np.asarray(indices, np.int64)
        return replace(
            self,
            paths=[self.paths[index] for index in chosen],
            pixels=self.pixels.of(chosen) if self.pixels is not None else None,
            slices=self.slices.of(chosen) if self.slices is not None else None,
            labels=self.labels[chosen] if self.labels is not None else None,
        )

    def facts(self) -> dict[str, str | int]:
        """Return what a run folder notes of them."""
        return {
            "photos": len(self.paths),
            "quarantined": self.quarantined,
            "fingerprint": self.fingerprint,
        }

    def decoder(self) -> Decoder:
        """Return the function that decodes them: (contents, name) -> uint8 [height, width, 3]."""
        return photo_decoder(self.more_formats)

    def contents(self) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
        """Return the function, for a tf.data graph, from a photo's index to its bytes and its name."""
        names = tf.constant([os.fsencode(path) for path in self.paths])
        read = self.slices.contents() if self.slices else lambda photo: tf.io.read_file(names[photo])
        return lambda photo: (read(photo), names[photo])


def fingerprint_of(paths: Sequence[str], sizes: np.ndarray) -> str:
    """Return the SHA-256, in hexadecimal, over the names and sizes of photo files.

    Names count from the folder that all photos share, so a copy of the folder elsewhere has the same
    fingerprint. Times do not count, because copying changes them. A photo that is replaced by another of the
    very same size goes unnoticed.

    Args:
        paths: sorted, at least one.
        sizes: int [photos], in bytes; -1 for what is not a readable file.
    """
    shared = os.path.dirname(os.path.commonprefix([paths[0], paths[-1]]) if len(paths) > 1 else paths[0])
    digest = hashlib.sha256()
    for path, size in zip(paths, sizes):
        name = os.fsencode(path[len(shared) :].lstrip(os.sep))
        digest.update(b"%d %s\0" % (size, name))
    return digest.hexdigest()
