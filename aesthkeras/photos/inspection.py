"""Every photo is decoded once before training: what is broken is known, and named, before the first step."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from functools import lru_cache

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from aesthkeras.errors import UsageError
from aesthkeras.photos.cache_room import require_room, shapes_of
from aesthkeras.photos.decoded_list import DecodedList
from aesthkeras.photos.photo_files import MAX_FILE_BYTES, file_stamp, needs_more_formats
from aesthkeras.photos.photo_set import PhotoSet, fingerprint_of
from aesthkeras.photos.pixel_cache import PixelCacheWriter, cache_place, load_pixel_cache
from aesthkeras.photos.reading import Finish, decode_files
from aesthkeras.photos.verdict import Verdict, keep_verdict, load_verdict
from aesthkeras.photos.views import resize_shorter_edge


def inspect_photos(
    paths: Sequence[str],
    run_dir: str,
    edge: int = 256,
    cache: str = "none",
    progress: bool = True,
    folder: str = "",
) -> PhotoSet:
    """Decode every photo once and set those aside that fail.

    The verdict is kept as `photos.json` in the run folder, the refused photos with their reasons as
    `quarantine.csv`. A resumed run reads the verdict and decodes nothing again, unless `cache` is `memory`.
    Photos that another run has decoded, or this one before it was killed, are not decoded again either,
    unless a cache is to be filled (`decoded_list.py`).

    Args:
        paths: as `sources.find_photos` returns them.
        run_dir: an existing folder.
        edge: the shorter edge after the resize, for the cache.
        cache: `none`; `memory` or `disk` keep the resized pixels, on disk in the run folder.
        progress: whether to show a progress bar on stderr.
        folder: of the photos, where the list of those that were decoded is kept; empty for no list.

    Returns:
        The photos that can be decoded.

    Raises:
        UsageError: no photo can be decoded, the photos are others than when the run began, a file cannot be
            written, or the cache will not fit.
    """
    stamps = np.array([file_stamp(path) for path in paths], np.int64).reshape(-1, 2)
    sizes = stamps[:, 0]
    fingerprint = fingerprint_of(paths, sizes)
    place = cache_place(cache, run_dir, fingerprint, edge)
    kept = load_verdict(run_dir, fingerprint)
    pixels = load_pixel_cache(place, fingerprint)
    if pixels is not None:
        verdict = kept or Verdict(pixels.starts >= 0, pixels.more_formats)
    elif kept is not None and cache == "none":
        verdict = kept
    else:
        readable = kept.good if kept else (sizes > 0) & (sizes <= MAX_FILE_BYTES)
        if cache != "none":
            usable = np.flatnonzero(readable)
            require_room(cache, place, len(usable), edge, shapes_of(paths, usable))
        with PixelCacheWriter(len(paths), edge, place) if cache != "none" else nullcontext() as writer:
            decoded = DecodedList(folder) if folder else None
            verdict = _decode_all(paths, readable, edge, writer, progress, decoded, stamps)
            pixels = writer.finish(fingerprint, verdict.more_formats) if writer else None
    if kept is None:
        keep_verdict(run_dir, fingerprint, verdict, paths)
    elif not np.array_equal(verdict.good, kept.good):
        changed = paths[int(np.flatnonzero(verdict.good != kept.good)[0])]
        raise UsageError(f"data_dir: {changed} could be decoded when the run began, and now cannot")
    good = np.flatnonzero(verdict.good)
    found = PhotoSet(paths, len(paths) - len(good), fingerprint, pixels, verdict.more_formats)
    return found if len(good) == len(paths) else found.of(good)


def _decode_all(
    paths: Sequence[str],
    readable: np.ndarray,
    edge: int,
    writer: PixelCacheWriter | None,
    progress: bool,
    known: DecodedList | None,
    stamps: np.ndarray,
) -> Verdict:
    """Decode the readable files with core ops, then with Pillow what needs it; cache their pixels.

    Without a cache to fill, those that are on the list of decoded ones are left alone.
    """
    good, by_pillow = np.zeros((2, len(paths)), bool)
    if known and not writer:
        good, by_pillow = known.find(paths, *stamps.T)
        readable = readable & ~good
    finish = _resized(edge) if writer else _shape

    def decode(indices: np.ndarray, more_formats: bool) -> None:
        for index, pixels in decode_files(paths, indices, finish, more_formats):
            good[index] = True
            by_pillow[index] = more_formats
            if known:
                size, time = stamps[index].tolist()
                known.add(paths[index], size, time, more_formats)
            if writer:
                writer.add(index, pixels)
            bar.update()

    with (
        known or nullcontext(),
        tqdm(
            total=int(readable.sum()), desc="decoding photos once", unit="photo", disable=not progress
        ) as bar,
    ):
        decode(np.flatnonzero(readable), False)
        waiting = np.flatnonzero(readable & ~good).tolist()
        others = [index for index in waiting if needs_more_formats(paths[index])]
        if others:
            decode(np.array(others), True)
    return Verdict(good, bool(by_pillow[good].any()))


@lru_cache(maxsize=4)
def _resized(edge: int) -> Finish:
    """The resized photo, uint8 [height, width, 3]."""
    return lambda photo, contents: (resize_shorter_edge(photo, edge),)


def _shape(photo: tf.Tensor, contents: tf.Tensor) -> tuple[tf.Tensor, ...]:
    del contents
    return (tf.shape(photo),)
