"""The files that describe a shard folder: `index.json`, and beside each shard its entry.

An entry has the name of its shard with `.json` for `.tfrecord`. It holds the checksum, where each photo's
bytes lie in the shard, and all that the examination found out. It is written last, so a shard with
an entry is finished. This file imports no TensorFlow, unless the folder lies on a store.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, NamedTuple

from aesthkeras.errors import UsageError
from aesthkeras.storage import connect, file_bytes, read_whole, write_whole

INDEX = "index.json"
PLAN = "plan.json"  # `preparation.plan` writes and reads it; here it shows that a folder is not finished
FORMAT = "aesthkeras shards 1"


class ShardColumns(NamedTuple):
    """What is known of the photos of a shard, one value a photo, in the order in which they lie.

    Attributes:
        id: unique in the data set.
        label: index of the photo's class; None for a photo without one.
        offset: where its bytes begin in the shard.
        length: how many they are.
        content: SHA-256 of the photo's file, in hexadecimal.
        height, width: of the photo, upright, in pixels.
        file_bytes: size of the photo's file.
        perceptual: hash of the picture, 16 hexadecimal digits.
        score, counts, group: as in `datasets.record.Record`.
    """

    id: list[str]
    label: list[int | None]
    offset: list[int]
    length: list[int]
    content: list[str]
    height: list[int]
    width: list[int]
    file_bytes: list[int]
    perceptual: list[str]
    score: list[float | None]
    counts: list[list[int]]
    group: list[str]


class ShardEntry(NamedTuple):
    """The entry of one shard.

    Attributes:
        file: name of the shard in its folder.
        photos: how many it holds.
        bytes: size of the shard.
        sha256: of the shard, in hexadecimal.
        columns: what is known of each photo.
        more_formats: whether some of its photos need Pillow.
        broken: (id, reason) of the photos that were planned for it and cannot be decoded.
    """

    file: str
    photos: int
    bytes: int
    sha256: str
    columns: ShardColumns
    more_formats: bool
    broken: list[tuple[str, str]]


class Shard(NamedTuple):
    """One shard as the index lists it: the split of its photos, and what `ShardEntry` says of the file."""

    file: str
    split: str
    photos: int
    bytes: int
    sha256: str


class ShardIndex(NamedTuple):
    """A finished shard folder.

    Attributes:
        folder: where it lies.
        dataset: name of the data set.
        classes: names of the labels by index.
        score_range: lowest and highest possible score; None where there are no scores.
        flags: settings of the preparation, flag name -> text.
        shards: in the order of their names.
        has_own_split, own_threshold: as in `datasets.record.DataSet`; `has_own_split` is None for shards that
            were made before their entries held scores and groups.
    """

    folder: str
    dataset: str
    classes: tuple[str, ...]
    score_range: tuple[float, float] | None
    flags: dict[str, str]
    shards: list[Shard]
    has_own_split: bool | None
    own_threshold: str

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the shards' own, in hexadecimal."""
        return hashlib.sha256("".join(shard.sha256 for shard in self.shards).encode()).hexdigest()

    def entry(self, shard: Shard) -> ShardEntry:
        """Return the entry of a shard.

        Raises:
            UsageError: the entry is gone or damaged.
        """
        name = shard.file[: -len(".tfrecord")]
        entry = read_entry(self.folder, name)
        if entry is None or entry.sha256 != shard.sha256:
            raise UsageError(f"{self.folder}/{name}.json: expected the entry of this shard")
        return entry


def write_entry(folder: str, name: str, entry: ShardEntry) -> None:
    """Write the entry of the shard `name` (without suffix).

    Raises:
        OSError, tf.errors.OpError: it cannot be written.
    """
    content = {**entry._asdict(), "columns": entry.columns._asdict()}
    write_whole(f"{folder}/{name}.json", json.dumps(content).encode())


def read_entry(folder: str, name: str) -> ShardEntry | None:
    """Return the entry of the shard `name` (without suffix).

    None unless there is an entry, and the shard beside it is of the size that it says.
    """
    path = f"{folder}/{name}.json"
    if file_bytes(path) < 0:
        return None
    try:
        content: dict[str, Any] = json.loads(read_whole(path))
        columns: dict[str, list[Any]] = content["columns"]
        # the first shards of format 1 had these in their records only
        count = len(columns["id"])
        for name, missing in (("label", None), ("score", None), ("counts", []), ("group", "")):
            columns.setdefault(name, [missing] * count)
        broken = [(id_, reason) for id_, reason in content["broken"]]
        entry = ShardEntry(**{**content, "columns": ShardColumns(**columns), "broken": broken})
        is_whole = file_bytes(f"{folder}/{entry.file}") == entry.bytes
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return entry if is_whole else None


def write_index(index: ShardIndex) -> None:
    """Write `index.json`, which finishes the folder.

    Raises:
        OSError, tf.errors.OpError: it cannot be written.
    """
    content = {
        "format": FORMAT,
        "dataset": index.dataset,
        "classes": index.classes,
        "score_range": index.score_range,
        "photos": sum(shard.photos for shard in index.shards),
        "fingerprint": index.fingerprint,
        "flags": index.flags,
        "has_own_split": index.has_own_split,
        "own_threshold": index.own_threshold,
        "shards": [shard._asdict() for shard in index.shards],
    }
    write_whole(f"{index.folder}/{INDEX}", json.dumps(content, indent=2).encode())


def find_index(folder: str) -> ShardIndex | None:
    """Return the index of a shard folder, None for a folder that is none.

    Raises:
        UsageError: the folder is only half prepared, or a shard is gone or of another size.
    """
    connect(folder, "data_dir")
    path = f"{folder}/{INDEX}"
    if file_bytes(path) < 0:
        if file_bytes(f"{folder}/{PLAN}") >= 0:
            raise UsageError(
                f"data_dir={folder}: these shards are not finished; run the same `prepare` command again"
            )
        return None
    try:
        content = json.loads(read_whole(path))
        if content["format"] != FORMAT:
            return None
        index = ShardIndex(
            folder,
            content["dataset"],
            tuple(content["classes"]),
            tuple(content["score_range"]) if content["score_range"] else None,
            content["flags"],
            [Shard(**shard) for shard in content["shards"]],
            content.get("has_own_split"),
            content.get("own_threshold", ""),
        )
    except (ValueError, KeyError, TypeError):
        return None  # another program's index.json beside photos
    for shard in index.shards:
        found = file_bytes(f"{folder}/{shard.file}")
        if found != shard.bytes:
            raise UsageError(
                f"{folder}/{shard.file}: expected {shard.bytes} bytes, "
                + ("but there is no such file" if found < 0 else f"but it has {found}")
            )
    return index
