"""The index of a shard folder: what `prepare` writes and every reader of shards begins with.

This file imports no TensorFlow, unless the folder lies on a store.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from aesthkeras.errors import UsageError
from aesthkeras.photos.storage import connect, file_bytes, read_whole

INDEX = "index.json"
PLAN = "plan.json"
FORMAT = "aesthkeras shards 1"


class Shard(NamedTuple):
    """One shard.

    Attributes:
        file: its name in the folder; the name of its entry is the same with `.json` for `.tfrecord`.
        split: of its photos.
        photos: how many it holds.
        bytes: size of the file.
        sha256: of the file, in hexadecimal.
    """

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
        fingerprint: SHA-256 over the shards' own, in hexadecimal.
        flags: settings of the preparation, flag name -> text.
        shards: in the order of their names.
    """

    folder: str
    dataset: str
    classes: tuple[str, ...]
    score_range: tuple[float, float] | None
    fingerprint: str
    flags: dict[str, str]
    shards: list[Shard]

    def entry(self, shard: Shard) -> dict[str, Any]:
        """Return what is known of a shard's photos: the content of its entry.

        Raises:
            UsageError: the entry is gone or damaged.
        """
        entry = read_entry(self.folder, entry_name(shard.file))
        if entry is None or entry["sha256"] != shard.sha256:
            raise UsageError(f"{self.folder}/{entry_name(shard.file)}: expected the entry of this shard")
        return entry


def entry_name(shard_file: str) -> str:
    """Return the name of a shard's entry."""
    return shard_file[: -len(".tfrecord")] + ".json"


def read_entry(folder: str, name: str) -> dict[str, Any] | None:
    """Return a shard's entry; None unless there is one and the shard beside it is of the size it says."""
    path = f"{folder}/{name}"
    if file_bytes(path) < 0:
        return None
    try:
        entry: dict[str, Any] = json.loads(read_whole(path))
        whole = file_bytes(f"{folder}/{entry['file']}") == entry["bytes"]
    except (ValueError, KeyError, TypeError):
        return None
    return entry if whole else None


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
        told = json.loads(read_whole(path))
        if told["format"] != FORMAT:
            return None
        score_range = tuple(told["score_range"]) if told["score_range"] else None
        shards = [Shard(**shard) for shard in told["shards"]]
        index = ShardIndex(
            folder,
            told["dataset"],
            tuple(told["classes"]),
            score_range,
            told["fingerprint"],
            told["flags"],
            shards,
        )
    except (ValueError, KeyError, TypeError):
        return None  # some other index.json beside photos
    for shard in index.shards:
        found = file_bytes(f"{folder}/{shard.file}")
        if found != shard.bytes:
            raise UsageError(
                f"{folder}/{shard.file}: expected {shard.bytes} bytes, "
                + ("but there is no such file" if found < 0 else f"but it has {found}")
            )
    return index
