"""What the examination found out about all photos, gathered from the entries of the shards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from aesthkeras.datasets.record import Record
from aesthkeras.errors import UsageError
from aesthkeras.photos.shard_index import Shard, ShardEntry, read_entry
from aesthkeras.preparation.plan import PlannedShard


class Findings(NamedTuple):
    """What is known of each record, in the order of the data set.

    Attributes:
        good: whether it could be decoded, bool [records]; where not, the other arrays hold zeros.
        content: SHA-256 of the file, its 32 bytes as uint64 [records, 4].
        perceptual: hash of the picture, uint64 [records].
        shapes: height and width, upright, int32 [records, 2].
        file_bytes: int64 [records].
        reasons: why a photo could not be decoded, by record.
        shards: what was written.
    """

    good: np.ndarray
    content: np.ndarray
    perceptual: np.ndarray
    shapes: np.ndarray
    file_bytes: np.ndarray
    reasons: dict[int, str]
    shards: list[Shard]


def gather(planned: Sequence[PlannedShard], records: Sequence[Record], folder: str) -> Findings:
    """Read the entries of all shards.

    Raises:
        UsageError: an entry does not fit its shard.
    """
    count = len(records)
    findings = Findings(
        np.zeros(count, bool),
        np.zeros((count, 4), np.uint64),
        np.zeros(count, np.uint64),
        np.zeros((count, 2), np.int32),
        np.zeros(count, np.int64),
        {},
        [],
    )
    for shard in planned:
        entry = read_entry(folder, shard.name)
        if entry is None:
            raise UsageError(f"{folder}/{shard.name}.json: expected the entry of a finished shard; delete it")
        index_of = {records[index].id: int(index) for index in shard.records}
        try:
            _take(findings, entry, index_of)
        except KeyError as unknown:
            raise UsageError(f"{folder}/{shard.name}.json: names {unknown}, not planned there") from None
        findings.shards.append(Shard(entry.file, shard.split, entry.photos, entry.bytes, entry.sha256))
    return findings


def _take(findings: Findings, entry: ShardEntry, index_of: dict[str, int]) -> None:
    columns = entry.columns
    findings.reasons.update({index_of[name]: reason for name, reason in entry.broken})
    rows = [index_of[name] for name in columns.id]
    if not rows:
        return
    findings.good[rows] = True
    digests = bytes.fromhex("".join(columns.content))
    findings.content[rows] = np.frombuffer(digests, np.uint64).reshape(-1, 4)
    findings.perceptual[rows] = [int(value, 16) for value in columns.perceptual]
    findings.shapes[rows] = np.stack([columns.height, columns.width], axis=1)
    findings.file_bytes[rows] = columns.file_bytes
