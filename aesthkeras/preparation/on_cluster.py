"""Shards written by the machines of a cluster, a shard by one worker."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from aesthkeras.cluster.workers import Cluster
from aesthkeras.datasets.record import Record
from aesthkeras.errors import UsageError
from aesthkeras.photos.shard_index import PLAN
from aesthkeras.preparation.plan import PlannedShard
from aesthkeras.preparation.settings import PreparationSettings
from aesthkeras.preparation.shards import examination_bar, unfinished, write_shards
from aesthkeras.storage import connect, file_bytes, is_remote


class ShardJob(NamedTuple):
    """A shard to write, with all that is known of its photos and nothing of others.

    Attributes:
        shard: its records are places in `records`.
        records: of its photos.
        readable: bool [photos], False for a file that is not worth reading.
    """

    shard: PlannedShard
    records: list[Record]
    readable: np.ndarray


@dataclass(frozen=True)
class ShardsOnCluster:
    """Does what `shards.write_shards` does, on the workers of a cluster; progress comes shard by shard.

    Attributes:
        cluster: that this process has joined.
    """

    cluster: Cluster

    def __call__(
        self,
        planned: Sequence[PlannedShard],
        records: Sequence[Record],
        readable: np.ndarray,
        folder: str,
        settings: PreparationSettings,
        progress: bool = True,
    ) -> None:
        """Examine all photos and write the shards that are not finished yet.

        Raises:
            UsageError: a machine lacks the folder, or a photo that is here.
            OSError, tf.errors.OpError: a file could not be written; finished shards stay.
        """
        todo = unfinished(planned, folder)
        make = partial(_make_writer, folder, settings)
        with examination_bar(planned, todo, progress) as bar:
            for _, photos in self.cluster.spread(make, _jobs(todo, records, readable)):
                bar.update(photos)


def _jobs(
    todo: Sequence[PlannedShard], records: Sequence[Record], readable: np.ndarray
) -> Iterator[ShardJob]:
    for shard in todo:
        mine = [records[index] for index in shard.records]
        yield ShardJob(shard._replace(records=np.arange(len(mine))), mine, readable[shard.records])


def _make_writer(folder: str, settings: PreparationSettings) -> Callable[[ShardJob], int]:
    """What a worker begins with."""
    connect(folder, "out")
    if file_bytes(f"{folder}/{PLAN}") < 0:
        raise UsageError(
            f"out={folder}: {socket.gethostname()} does not find it; expected a folder that all share"
        )

    def write(job: ShardJob) -> int:
        for record, is_readable in zip(job.records, job.readable):
            if is_readable and not is_remote(record.path) and not os.path.lexists(record.path):
                raise UsageError(
                    f"data_dir: {socket.gethostname()} does not find {record.path}; "
                    "expected photos on storage that all machines share"
                )
        write_shards([job.shard], job.records, job.readable, folder, settings, progress=False)
        return len(job.records)

    return write
