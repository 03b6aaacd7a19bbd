"""Every photo is decoded once before training: what is broken is known, and named, before the first step."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from aesthkeras.errors import UsageError
from aesthkeras.files import replace_file
from aesthkeras.photos.decoding import decode_photo
from aesthkeras.photos.more_formats import (
    MORE_FORMATS,
    decode_photo_of_more_formats,
    format_by_signature,
    refusal,
)
from aesthkeras.photos.pixel_cache import PixelCache, PixelCacheWriter, cache_path, load_pixel_cache
from aesthkeras.photos.quarantine import (
    MAX_FILE_BYTES,
    file_size,
    reason_of,
    unreadable_reason,
    write_quarantine,
)
from aesthkeras.photos.slices import PhotoSlices
from aesthkeras.photos.views import resize_shorter_edge

CACHES = ("none", "memory", "disk")
RECORD = "photos.json"
QUARANTINE = "quarantine.csv"

Decoder = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


@dataclass(frozen=True)
class PhotoSet:
    """Photos that can be decoded.

    Attributes:
        paths: their paths, sorted.
        quarantined: how many more were found and refused.
        fingerprint: SHA-256 over names and sizes of all that were found, in hexadecimal.
        pixels: the decoded and resized photos, in the order of `paths`, where they are cached.
        more_formats: whether some of them need tensorflow-io.
        slices: where they lie inside shards, in the order of `paths`, which then are their ids.
        labels: class of each photo where shards tell it, int32 [photos], -1 for a photo without one.
        classes: names of these labels by index.
        folder: `--data_dir` where they were found in a folder; empty for shards and the sample photos.
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
        """Return the set in which photo k is this one's photo `indices[k]`; for photos that are files."""
        pixels = self.pixels.of(np.asarray(indices)) if self.pixels is not None else None
        return replace(self, paths=[self.paths[index] for index in indices], pixels=pixels)

    def decoder(self) -> Decoder:
        """Return the function that decodes them: (contents, name) -> uint8 [height, width, 3]."""
        return photo_decoder(self.more_formats)

    def contents(self) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
        """Return the function, for a tf.data graph, from a photo's index to its bytes and its name."""
        names = tf.constant([os.fsencode(path) for path in self.paths])
        read = self.slices.contents() if self.slices else lambda photo: tf.io.read_file(names[photo])
        return lambda photo: (read(photo), names[photo])


def inspect_photos(
    paths: Sequence[str],
    run_dir: str,
    edge: int = 256,
    cache: str = "none",
    progress: bool = True,
) -> PhotoSet:
    """Decode every photo once and set those aside that fail.

    The verdict is kept as `photos.json` in the run folder, the refused photos with their reasons as
    `quarantine.csv`. A run that goes on reads the verdict and decodes nothing again, unless `cache` is
    `memory`.

    Args:
        paths: as `sources.find_photos` returns them.
        run_dir: an existing folder.
        edge: the shorter edge after the resize, for the cache.
        cache: `none`; `memory` or `disk` keep the resized pixels, on disk in the run folder.
        progress: whether to show a progress bar on stderr.

    Returns:
        The photos that can be decoded.

    Raises:
        UsageError: no photo can be decoded, the photos are others than when the run began, or a file cannot
            be written.
    """
    if cache not in CACHES:
        raise UsageError(f"cache={cache}: expected one of {', '.join(CACHES)}")
    sizes = np.fromiter((file_size(path) for path in paths), np.int64, len(paths))
    fingerprint = fingerprint_of(paths, sizes)
    verdict = load_verdict(run_dir, fingerprint)
    place = cache_path(run_dir, fingerprint, edge) if cache == "disk" else None
    pixels = load_pixel_cache(place, fingerprint) if place else None
    if verdict is None and pixels is not None:
        verdict = Verdict(pixels.starts >= 0, pixels.more_formats)
        settle_verdict(paths, verdict, run_dir, fingerprint)
    elif verdict is None or (pixels is None and cache != "none"):
        readable = verdict.good if verdict else (sizes > 0) & (sizes <= MAX_FILE_BYTES)
        found, pixels = _decode_and_cache(paths, readable, fingerprint, edge, cache, place, progress)
        if verdict is None:
            settle_verdict(paths, found, run_dir, fingerprint)
        elif not np.array_equal(found.good, verdict.good):
            changed = paths[int(np.flatnonzero(found.good != verdict.good)[0])]
            raise UsageError(f"data_dir: {changed} could be decoded when the run began, and now cannot")
        verdict = found
    good = np.flatnonzero(verdict.good)
    kept = paths if len(good) == len(paths) else [paths[index] for index in good]
    pixels = pixels.of(good) if pixels is not None else None
    return PhotoSet(kept, len(paths) - len(good), fingerprint, pixels, verdict.more_formats)


def fingerprint_of(paths: Sequence[str], sizes: np.ndarray) -> str:
    """Return the SHA-256, in hexadecimal, over the photos' names and sizes.

    Names count from the folder that all photos share, so a copy of the folder elsewhere has the same
    fingerprint. Times do not count, for copying changes them; a photo replaced by another of the very same
    size goes unnoticed.

    Args:
        paths: sorted.
        sizes: int [photos], in bytes; -1 for what is not a readable file.
    """
    shared = os.path.dirname(os.path.commonprefix([paths[0], paths[-1]]) if len(paths) > 1 else paths[0])
    digest = hashlib.sha256()
    for path, size in zip(paths, sizes):
        name = os.fsencode(path[len(shared) :].lstrip(os.sep))
        digest.update(b"%d %s\0" % (size, name))
    return digest.hexdigest()


@dataclass(frozen=True)
class Verdict:
    """Which of the photos found can be decoded, and whether tensorflow-io is needed for some of these."""

    good: np.ndarray  # bool [photos found]
    more_formats: bool


def _decode_and_cache(
    paths: Sequence[str],
    readable: np.ndarray,
    fingerprint: str,
    edge: int,
    cache: str,
    place: str | None,
    progress: bool,
) -> tuple[Verdict, PixelCache | None]:
    if cache == "none":
        return _decode_all(paths, readable, progress, edge, None), None
    with PixelCacheWriter(len(paths), edge, place) as writer:
        found = _decode_all(paths, readable, progress, edge, writer)
        return found, writer.finish(fingerprint, found.more_formats)


def _decode_all(
    paths: Sequence[str], readable: np.ndarray, progress: bool, edge: int, writer: PixelCacheWriter | None
) -> Verdict:
    """Decode what is readable with core ops, and then what tensorflow-io is needed for."""
    good = np.zeros(len(paths), bool)
    with tqdm(
        total=int(readable.sum()), desc="decoding photos once", unit="photo", disable=not progress
    ) as bar:
        _decode_some(paths, np.flatnonzero(readable), False, good, edge, writer, bar)
        others = [index for index in np.flatnonzero(readable & ~good) if needs_more_formats(paths[index])]
        if others:
            _decode_some(paths, np.array(others, np.int64), True, good, edge, writer, bar)
    return Verdict(good, bool(good[others].any()))


def _decode_some(
    paths: Sequence[str],
    indices: np.ndarray,
    more_formats: bool,
    good: np.ndarray,
    edge: int,
    writer: PixelCacheWriter | None,
    bar: tqdm,
) -> None:
    """Decode the photos at `indices` in parallel; mark in `good` those that come out, cache their pixels."""
    decode = photo_decoder(more_formats)

    def decoded(index: tf.Tensor, path: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        photo = decode(tf.io.read_file(path), tf.constant(""))
        return index, resize_shorter_edge(photo, edge) if writer else tf.shape(photo)

    names = tf.constant([os.fsencode(paths[index]) for index in indices], tf.string)
    photos = tf.data.Dataset.from_tensor_slices((indices, names))
    photos = photos.map(decoded, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    for index, pixels in photos.ignore_errors(log_warning=False).as_numpy_iterator():
        good[index] = True
        if writer:
            writer.add(index, pixels)
        bar.update()


def settle_verdict(paths: Sequence[str], verdict: Verdict, run_dir: str, fingerprint: str) -> None:
    """Write `quarantine.csv` and then `photos.json`; raises `UsageError` where no photo is good."""
    refused = np.flatnonzero(~verdict.good)
    listed = os.path.join(run_dir, QUARANTINE)
    try:
        write_quarantine(listed, ((paths[index], reason_for(paths[index])) for index in refused))
        if not verdict.good.any():
            first = f"{paths[0]}: {reason_for(paths[0])}"
            raise UsageError(
                f"data_dir: expected a photo that can be decoded, but of {len(paths)} none can; {first}"
            )
        record = {
            "fingerprint": fingerprint,
            "found": len(paths),
            "more_formats": verdict.more_formats,
            "quarantined": [int(index) for index in refused],
        }
        replace_file(Path(run_dir, RECORD), json.dumps(record).encode())
    except OSError as error:
        raise UsageError(
            f"run_dir={run_dir}: expected to be able to write: {error.strerror or error}"
        ) from error


def load_verdict(run_dir: str, fingerprint: str) -> Verdict | None:
    """Return what `photos.json` says, None where there is none; raises `UsageError` for other photos."""
    path = os.path.join(run_dir, RECORD)
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as lines:
        record = json.load(lines)
    if record["fingerprint"] != fingerprint:
        raise UsageError(
            f"data_dir: expected the {record['found']} photos that the run in {run_dir} began with; "
            "names or sizes of its photos have changed since"
        )
    good = np.ones(record["found"], bool)
    good[record["quarantined"]] = False
    return Verdict(good, record["more_formats"])


def needs_more_formats(path: str) -> bool:
    """Whether a photo is of a format that only `photo_decoder(True)` decodes, and no `refusal` is known."""
    try:
        return format_by_signature(path) in MORE_FORMATS and refusal(path) is None
    except OSError:
        return False


def reason_for(path: str) -> str:
    """Return why a photo is refused, in one sentence: it is decoded once more, alone."""
    reason = unreadable_reason(path) or refusal(path)
    if reason is not None:
        return reason
    try:
        contents = tf.io.read_file(os.fsencode(path))
        photo_decoder(needs_more_formats(path))(contents, tf.constant(""))
    except tf.errors.OpError as error:
        return reason_of(error)
    return "could not be read at the first attempt"


@lru_cache(maxsize=2)  # a graph of two thousand nodes, traced once
def photo_decoder(more_formats: bool) -> Decoder:
    """Return (contents, name) -> uint8 [height, width, 3], with or without WebP, TIFF and AVIF."""
    decode = decode_photo_of_more_formats if more_formats else decode_photo
    return tf.function(decode, input_signature=[tf.TensorSpec([], tf.string)] * 2, autograph=False)
