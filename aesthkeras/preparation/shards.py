"""TFRecord shards: one photo and what is known of it per record, as a `tf.train.Example`.

Features: `id`, `image` (a file's bytes), `split`, `group`: strings; `score`: float32; `label`, `counts` (how
many raters gave each rating, from the lowest on), `height` and `width` (of the upright photo): int64. What a
data set does not say is missing and takes the reader's default. Any tf.data pipeline reads them:

    wanted = {"image": tf.io.FixedLenFeature([], tf.string), "label": tf.io.FixedLenFeature([], tf.int64, -1)}
    def read(example):
        found = tf.io.parse_single_example(example, wanted)
        return tf.io.decode_jpeg(found["image"]), found["label"]
    files = tf.data.Dataset.list_files("SHARDS/train-*.tfrecord")
    photos = files.interleave(tf.data.TFRecordDataset).shuffle(2000).map(read)

The entry beside each shard is described in `photos.shard_index`.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Sequence
from tempfile import TemporaryDirectory

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from aesthkeras.culling.perceptual import perceptual_hashes
from aesthkeras.datasets.packed_records import PackedTexts
from aesthkeras.datasets.record import Record
from aesthkeras.photos.shard_index import ShardColumns, ShardEntry, read_entry, write_entry
from aesthkeras.preparation.examination import Examined, examine, failure, only_more_formats_can
from aesthkeras.preparation.plan import PlannedShard
from aesthkeras.preparation.settings import PreparationSettings
from aesthkeras.storage import ASIDE, open_bytes, remove, rename, tensorflow_opens, upload

_LENGTH_AND_CHECK, _CHECK = 12, 4  # bytes that a TFRecord file puts before and after each record

# the arguments of `write_shards`
ShardWriter = Callable[
    [Sequence[PlannedShard], Sequence[Record], np.ndarray, str, PreparationSettings, bool], None
]


def write_shards(
    planned: Sequence[PlannedShard],
    records: Sequence[Record],
    readable: np.ndarray,
    folder: str,
    settings: PreparationSettings,
    progress: bool = True,
) -> None:
    """Examine all photos and write the shards that are not finished yet.

    Args:
        planned: every shard.
        records: of the data set.
        readable: bool [records], False for a file that is not worth reading.
        folder: an existing folder, here or on a store.
        settings: how photos are stored.
        progress: whether to show a progress bar on stderr.

    Raises:
        OSError, tf.errors.OpError: a file could not be written; finished shards stay.
    """
    todo = unfinished(planned, folder)
    with examination_bar(planned, todo, progress) as bar:
        if not todo:
            return
        order = np.concatenate([shard.records for shard in todo])
        places = np.flatnonzero(readable[order])
        paths = PackedTexts(records[index].path for index in order)
        stream = _Stream(examine(paths, places, settings))
        end = 0
        for shard in todo:
            start, end = end, end + len(shard.records)
            write_shard(shard, stream.between(start, end), records, readable, folder, settings, bar)


def unfinished(planned: Sequence[PlannedShard], folder: str) -> list[PlannedShard]:
    """The shards that are still to be written."""
    return [shard for shard in planned if read_entry(folder, shard.name) is None]


def examination_bar(planned: Sequence[PlannedShard], todo: Sequence[PlannedShard], progress: bool) -> tqdm:
    """A progress bar over all photos, at those of the finished shards; shown on stderr if `progress`."""
    total, left = (sum(len(shard.records) for shard in shards) for shards in (planned, todo))
    done = total - left
    return tqdm(total=total, initial=done, desc="examining photos", unit="photo", disable=not progress)


def write_shard(
    shard: PlannedShard,
    photos: Iterator[Examined],
    records: Sequence[Record],
    readable: np.ndarray,
    folder: str,
    settings: PreparationSettings,
    bar: tqdm,
) -> None:
    """Write one shard and then its entry.

    Photos that only Pillow decodes follow the others.

    Args:
        shard: which photos.
        photos: those that TensorFlow's core decodes; their places count within the shard.
        records: of the data set.
        readable: bool [records], False for a file that must not even be opened.
        folder: where to write.
        settings: how photos are stored.
        bar: advances with each photo.
    """
    mine = [records[index] for index in shard.records]
    paths = [record.path for record in mine]
    missing = set(range(len(mine)))
    with ShardFile(f"{folder}/{shard.name}.tfrecord") as file:
        for photo in photos:
            file.add(mine[photo.place], photo)
            missing.remove(photo.place)
            bar.update()
        # opening a named pipe waits for ever
        worth_it = [place for place in sorted(missing) if readable[shard.records[place]]]
        others = [place for place in worth_it if only_more_formats_can(paths[place])]
        more_formats = settings.original_bytes and bool(others)
        for photo in (
            examine(paths, np.array(others, np.int64), settings, more_formats=True) if others else ()
        ):
            file.add(mine[photo.place], photo)
            missing.remove(photo.place)
            bar.update()
        broken = [(mine[place].id, failure(paths[place])) for place in sorted(missing)]
        entry = file.finish(more_formats, broken)
    bar.update(len(missing))
    write_entry(folder, shard.name, entry)


class ShardFile:
    """A shard being written aside; a context manager that leaves nothing behind without `finish`.

    Args:
        path: of the shard, ending in `.tfrecord`.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        # what TensorFlow cannot write to gets a copy of a file on this machine
        self._folder = None if tensorflow_opens(path) else TemporaryDirectory(prefix="aesthkeras-")
        self._written = f"{self._folder.name}/shard" if self._folder else path + ASIDE
        self._writer = tf.io.TFRecordWriter(self._written)
        self._columns = ShardColumns(*([] for _ in ShardColumns._fields))
        self._thumbnails: list[np.ndarray] = []
        self._total = 0

    def add(self, record: Record, photo: Examined) -> None:
        """Append a photo."""
        example = example_of(record, photo)
        self._writer.write(example)
        self._thumbnails.append(photo.thumbnail)
        columns = self._columns
        columns.id.append(record.id)
        columns.label.append(record.label)
        columns.offset.append(self._total + _LENGTH_AND_CHECK + example.index(photo.stored))
        columns.length.append(len(photo.stored))
        columns.content.append(photo.content)
        columns.height.append(photo.shape[0])
        columns.width.append(photo.shape[1])
        columns.file_bytes.append(photo.file_bytes)
        columns.score.append(record.score)
        columns.counts.append(list(record.counts))
        columns.group.append(record.group)
        self._total += _LENGTH_AND_CHECK + len(example) + _CHECK

    def finish(self, more_formats: bool, broken: list[tuple[str, str]]) -> ShardEntry:
        """Give the shard its name and return its entry.

        Args:
            more_formats: whether some of its photos need Pillow.
            broken: (id, reason) of the photos that are missing in it.
        """
        self._writer.close()
        if self._folder:
            upload(self._written, self._path + ASIDE)
        digest = _sha256_of(self._path + ASIDE, self._total)
        rename(self._path + ASIDE, self._path)
        hashes = perceptual_hashes(np.stack(self._thumbnails)) if self._thumbnails else ()
        self._columns.perceptual.extend(f"{value:016x}" for value in hashes)
        name = self._path.rpartition("/")[2]
        return ShardEntry(
            name, len(self._thumbnails), self._total, digest, self._columns, more_formats, broken
        )

    def __enter__(self) -> ShardFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            with contextlib.suppress(OSError, tf.errors.OpError):
                self._writer.close()
            with contextlib.suppress(OSError, tf.errors.OpError):
                remove(self._path + ASIDE)
        if self._folder:
            self._folder.cleanup()


def example_of(record: Record, photo: Examined) -> bytes:
    """Return the serialized `tf.train.Example` of one photo; the same photo gives the same bytes."""
    height, width = photo.stored_shape
    features = {
        "id": _strings(record.id),
        "image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[photo.stored])),
        "split": _strings(record.split),
        "group": _strings(record.group),
        "height": _integers([height]),
        "width": _integers([width]),
    }
    # a reader's default stands for a feature that is missing, not for one that is empty
    if record.score is not None:
        features["score"] = tf.train.Feature(float_list=tf.train.FloatList(value=[record.score]))
    if record.label is not None:
        features["label"] = _integers([record.label])
    if record.counts:
        features["counts"] = _integers(record.counts)
    example = tf.train.Example(features=tf.train.Features(feature=features))
    serialized: bytes = example.SerializeToString(deterministic=True)
    return serialized


def _strings(text: str) -> tf.train.Feature:
    value = [text.encode("utf-8", "surrogateescape")]
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=value))


def _integers(values: Sequence[int]) -> tf.train.Feature:
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def _sha256_of(path: str, total: int) -> str:
    """The checksum of a file as it was written, read back; a file that came out short is an error."""
    digest, length = hashlib.sha256(), 0
    with open_bytes(path) as file:
        while True:
            part = file.read(1 << 22)
            if not part:
                break
            digest.update(part)
            length += len(part)
    if length != total:
        raise OSError(f"{path}: {total} bytes were written, {length} are there")
    return digest.hexdigest()


class _Stream:
    """Examined photos in order of their places, handed out a stretch of places at a time."""

    def __init__(self, photos: Iterator[Examined]) -> None:
        self._photos = photos
        self._next: Examined | None = None

    def between(self, start: int, end: int) -> Iterator[Examined]:
        """The photos that follow, up to the one with a place of `end` or more; places count from `start`."""
        while True:
            photo = self._next or next(self._photos, None)
            self._next = None
            if photo is None:
                return
            if photo.place >= end:
                self._next = photo
                return
            yield photo._replace(place=photo.place - start)
