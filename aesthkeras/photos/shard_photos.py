"""Training photos straight from shards: read at random where they lie, so the stream is that of a folder.

A photo's place in the stream follows from its id, not from its shard. Shards that hold the original files
thus give the very patches of the folder that they were made from, with any `--cache`, and a run goes on at
any step. Without a cache each photo is read from its shard when its turn comes; nothing is unpacked.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from aesthkeras.errors import UsageError
from aesthkeras.photos.inspection import CACHES, PhotoSet, Verdict, load_verdict, settle_verdict
from aesthkeras.photos.pixel_cache import PixelCache, PixelCacheWriter, cache_path, load_pixel_cache
from aesthkeras.photos.quarantine import reason_of
from aesthkeras.photos.shard_index import ShardIndex
from aesthkeras.photos.slices import PhotoSlices
from aesthkeras.photos.views import resize_shorter_edge

TRAINED_ON = ("train", "")  # splits; photos kept for validation and test are never trained on


def shard_photos(
    index: ShardIndex,
    run_dir: str,
    edge: int = 256,
    cache: str = "none",
    progress: bool = True,
) -> PhotoSet:
    """Return the photos that a shard folder holds for training, sorted by id; none is decoded again.

    Args:
        index: of the folder.
        run_dir: an existing folder, which keeps what the run began with.
        edge: the shorter edge after the resize, for the cache.
        cache: `none`; `memory` or `disk` keep the resized pixels, on disk in the run folder.
        progress: whether to show a progress bar on stderr while a cache is filled.

    Raises:
        UsageError: the shards have no photo to train on, are others than when the run began, or are damaged.
    """
    if cache not in CACHES:
        raise UsageError(f"cache={cache}: expected one of {', '.join(CACHES)}")
    names, slices, more_formats, labels = _read_entries(index)
    if not names:
        raise UsageError(f"data_dir={index.folder}: expected photos of split train, or without a split")
    fingerprint = index.fingerprint
    if load_verdict(run_dir, fingerprint) is None:
        settle_verdict(names, Verdict(np.ones(len(names), bool), more_formats), run_dir, fingerprint)
    photos = PhotoSet(names, 0, fingerprint, None, more_formats, slices, labels, index.classes)
    if cache == "none":
        return photos
    place = cache_path(run_dir, fingerprint, edge) if cache == "disk" else None
    pixels = load_pixel_cache(place, fingerprint) if place else None
    return replace(photos, pixels=pixels or _fill_cache(photos, slices, edge, place, progress))


def _read_entries(index: ShardIndex) -> tuple[list[str], PhotoSlices, bool, np.ndarray]:
    shards = [shard for shard in index.shards if shard.split in TRAINED_ON]
    names: list[str] = []
    parts: list[np.ndarray] = []
    labels: list[int | None] = []
    more_formats = False
    for number, shard in enumerate(shards):
        entry = index.entry(shard)
        columns = entry["columns"]
        names += columns["id"]
        # shards of before labels stood in the entry have none for training
        labels += columns.get("label", [None] * len(columns["id"]))
        offsets, lengths = np.array(columns["offset"], np.int64), np.array(columns["length"], np.int64)
        parts.append(np.stack([np.full_like(offsets, number), offsets, lengths]))
        more_formats |= entry["more_formats"]
    order = sorted(range(len(names)), key=names.__getitem__)
    file_of, offsets, lengths = (np.concatenate(parts, axis=1) if parts else np.zeros((3, 0), np.int64))[
        :, order
    ]
    slices = PhotoSlices(
        [f"{index.folder}/{shard.file}" for shard in shards],
        np.array([shard.bytes for shard in shards], np.int64),
        file_of.astype(np.int32),
        offsets,
        lengths,
    )
    sorted_labels = np.array([-1 if labels[place] is None else labels[place] for place in order], np.int32)
    return [names[place] for place in order], slices, more_formats, sorted_labels


def _fill_cache(
    photos: PhotoSet, slices: PhotoSlices, edge: int, place: str | None, progress: bool
) -> PixelCache:
    decode, contents = photos.decoder(), slices.contents()

    def decoded(photo: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return photo, resize_shorter_edge(decode(contents(photo), tf.constant("")), edge)

    as_they_lie = np.lexsort((slices.offsets, slices.file_of)).astype(np.int64)
    stream = tf.data.Dataset.from_tensor_slices(as_they_lie)
    stream = stream.map(decoded, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    with (
        PixelCacheWriter(len(photos.paths), edge, place) as writer,
        tqdm(total=len(photos.paths), desc="decoding photos once", unit="photo", disable=not progress) as bar,
    ):
        try:
            for photo, pixels in stream.as_numpy_iterator():
                writer.add(int(photo), pixels)
                bar.update()
        except tf.errors.OpError as error:
            raise UsageError(f"data_dir: expected whole shards, but {reason_of(error)}") from error
        return writer.finish(photos.fingerprint, photos.more_formats)
