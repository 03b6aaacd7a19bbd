"""Training photos from shards, in the same stream as photos from a folder.

A photo's place in the stream follows from its id, not from its shard. So shards of the original files give
the same patches as the folder that they were made from, with any cache, and a resumed run gets them again.
Without a cache each photo is read from its shard when its turn comes; nothing is unpacked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from aesthkeras.errors import UsageError
from aesthkeras.machine import usable_cores
from aesthkeras.photos.cache_room import require_room
from aesthkeras.photos.photo_files import decoding_error
from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.photos.pixel_cache import PixelCacheWriter, cache_place, load_pixel_cache
from aesthkeras.photos.shard_index import ShardIndex
from aesthkeras.photos.slices import PhotoSlices
from aesthkeras.photos.verdict import Verdict, keep_verdict, load_verdict
from aesthkeras.photos.views import resize_shorter_edge

TRAINED_ON = ("train", "")  # splits; photos kept for validation and test are never trained on


def shard_photos(
    index: ShardIndex,
    run_dir: str,
    edge: int = 256,
    cache: str = "none",
    progress: bool = True,
    splits: Sequence[str] | None = TRAINED_ON,
) -> PhotoSet:
    """Return photos of a shard folder, sorted by id; none is decoded again.

    Args:
        index: of the folder.
        run_dir: an existing folder, which keeps what the run began with.
        edge: the shorter edge after the resize, for the cache.
        cache: `none`; `memory` or `disk` keep the resized pixels, on disk in the run folder.
        progress: whether to show a progress bar on stderr while a cache is filled.
        splits: whose photos to return; None for all.

    Raises:
        UsageError: the shards have no photo to train on, are others than when the run began, or are damaged.
    """
    photos, shapes = _photos_of(index, splits)
    fingerprint = photos.fingerprint
    place = cache_place(cache, run_dir, fingerprint, edge)
    if load_verdict(run_dir, fingerprint) is None:
        every = Verdict(np.ones(len(photos.paths), bool), photos.more_formats)
        keep_verdict(run_dir, fingerprint, every, photos.paths)
    pixels = load_pixel_cache(place, fingerprint)
    if pixels is None and cache != "none":
        require_room(cache, place, len(photos.paths), edge, shapes)
        with PixelCacheWriter(len(photos.paths), edge, place) as writer:
            _fill_cache(photos, edge, writer, progress)
            pixels = writer.finish(fingerprint, photos.more_formats)
    return replace(photos, pixels=pixels)


def _photos_of(index: ShardIndex, splits: Sequence[str] | None) -> tuple[PhotoSet, list[tuple[int, int]]]:
    """The photos of some splits, and their heights and widths in any order."""
    shards = [shard for shard in index.shards if splits is None or shard.split in splits]
    names: list[str] = []
    labels: list[int] = []
    parts = [np.zeros((3, 0), np.int64)]
    shapes: list[tuple[int, int]] = []
    more_formats = False
    for number, shard in enumerate(shards):
        entry = index.entry(shard)
        names += entry.columns.id
        labels += [-1 if label is None else label for label in entry.columns.label]
        places = [[number] * len(entry.columns.id), entry.columns.offset, entry.columns.length]
        parts.append(np.array(places, np.int64))
        more_formats |= entry.more_formats
        shapes += zip(entry.columns.height, entry.columns.width)
    if not names:
        raise UsageError(f"data_dir={index.folder}: expected photos of split train, or without a split")
    file_of, offsets, lengths = np.concatenate(parts, axis=1)
    slices = PhotoSlices(
        [f"{index.folder}/{shard.file}" for shard in shards],
        np.array([shard.bytes for shard in shards], np.int64),
        file_of.astype(np.int32),
        offsets,
        lengths,
    )
    classes_of = np.array(labels, np.int32)
    photos = PhotoSet(names, 0, index.fingerprint, None, more_formats, slices, classes_of, index.classes)
    return photos.of(sorted(range(len(names)), key=names.__getitem__)), shapes


def _fill_cache(photos: PhotoSet, edge: int, writer: PixelCacheWriter, progress: bool) -> None:
    assert photos.slices is not None
    decode, contents = photos.decoder(), photos.slices.contents()

    @tf.autograph.experimental.do_not_convert
    def decoded(photo: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return photo, resize_shorter_edge(decode(contents(photo), tf.constant("")), edge)

    as_they_lie = np.lexsort((photos.slices.offsets, photos.slices.file_of)).astype(np.int64)
    stream = tf.data.Dataset.from_tensor_slices(as_they_lie)
    stream = stream.map(decoded, num_parallel_calls=2 * usable_cores(), deterministic=True)
    with tqdm(
        total=len(photos.paths), desc="decoding photos once", unit="photo", disable=not progress
    ) as bar:
        try:
            for photo, pixels in stream.as_numpy_iterator():
                writer.add(int(photo), pixels)
                bar.update()
        except tf.errors.OpError as error:
            raise UsageError(f"data_dir: expected whole shards, but {decoding_error(error)}") from error
