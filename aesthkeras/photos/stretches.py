"""Photos of shards read in long stretches and shuffled in a buffer, where reading at random places is slow.

The stretches of all shards are put in random order and read one after the other; photos leave in random order
among as many as the buffer holds. That is nearly the random order of single photos where the buffer holds
many stretches. It follows from seed and epoch, so a resumed run goes on with the stretch that it was at.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from aesthkeras.photos.slices import PhotoSlices
from aesthkeras.storage import open_bytes

STRETCH_BYTES = 8 * 2**20

Stretch = np.ndarray
"""The photos of a stretch in the order in which they lie, int64 `[n]`."""


def stretch_dataset(
    slices: PhotoSlices, copies: int, buffer: int, seed: int, position: int
) -> tf.data.Dataset:
    """The endless stream of photos from a position on, in nearly random order.

    Args:
        slices: where the photos lie in their shards.
        copies: how often an epoch shows each photo; they are all in one buffer.
        buffer: photos that are shuffled with one another; the memory for some three times as many is taken.
        seed: any integer from 0.
        position: how many are left out at the start of the stream.

    Returns:
        A dataset of (photo int64 [], position int64 [], contents string []). Reading a shard that is gone or
        has another size fails with `tf.errors.InvalidArgumentError`.
    """
    groups = tf.data.Dataset.from_generator(
        lambda: _groups(slices, copies, buffer, seed, position),
        output_signature=(
            tf.TensorSpec([None], tf.int64),
            tf.TensorSpec([None], tf.int64),
            tf.TensorSpec([None], tf.string),
        ),
    )
    return groups.prefetch(1).unbatch()


def _groups(
    slices: PhotoSlices, copies: int, buffer: int, seed: int, position: int
) -> Iterator[tuple[np.ndarray, np.ndarray, list[bytes]]]:
    """Photos, positions and contents of one buffer after the other."""
    stretches = _stretches(slices)
    epoch, skipped = divmod(position, copies * len(slices.offsets))
    position -= skipped
    while True:
        random = np.random.default_rng([seed, epoch])
        for group in _filled(stretches, random.permutation(len(stretches)), buffer):
            photos = random.permutation(np.repeat(np.concatenate(group), copies))
            positions = np.arange(position, position + len(photos))
            position += len(photos)
            rest = photos[skipped:]
            if len(rest):
                contents = _read(slices, group)
                yield rest, positions[skipped:], [contents[photo] for photo in rest]
            skipped = max(0, skipped - len(photos))
        epoch += 1


def _stretches(slices: PhotoSlices) -> list[Stretch]:
    """Neighbours in one shard, some `STRETCH_BYTES` each."""
    order = np.lexsort((slices.offsets, slices.file_of)).astype(np.int64)
    place = np.stack([slices.file_of[order], slices.offsets[order] // STRETCH_BYTES])
    return np.split(order, 1 + np.flatnonzero(np.any(np.diff(place), axis=0)))


def _filled(stretches: list[Stretch], order: np.ndarray, buffer: int) -> Iterator[list[Stretch]]:
    """Stretches in the given order, as many at a time as fill the buffer."""
    group: list[Stretch] = []
    for number in order:
        group.append(stretches[number])
        if sum(map(len, group)) >= buffer:
            yield group
            group = []
    if group:
        yield group


def _read(slices: PhotoSlices, group: list[Stretch]) -> dict[int, bytes]:
    """The bytes of all photos of some stretches, each stretch by one reading."""
    contents: dict[int, bytes] = {}
    for stretch in group:
        begin = int(slices.offsets[stretch[0]])
        end = int(slices.offsets[stretch[-1]] + slices.lengths[stretch[-1]])
        whole = _part(slices, int(slices.file_of[stretch[0]]), begin, end)
        for photo in stretch:
            offset = int(slices.offsets[photo]) - begin
            contents[int(photo)] = whole[offset : offset + int(slices.lengths[photo])]
    return contents


def _part(slices: PhotoSlices, file: int, begin: int, end: int) -> bytes:
    path = slices.files[file]
    try:
        with open_bytes(path) as shard:
            found = shard.seek(0, 2) or shard.tell()  # TensorFlow's own files return nothing
            shard.seek(begin)
            whole = shard.read(end - begin)
    except (OSError, tf.errors.OpError) as error:
        raise ValueError(f"{path}: {error}") from error  # TensorFlow makes an InvalidArgumentError of it
    if found != slices.totals[file]:
        raise ValueError(f"{path}: expected {slices.totals[file]} bytes, found {found}")
    return whole
