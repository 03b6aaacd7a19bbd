"""Makes shards and a report of a data set: `python -m aesthkeras.prepare --data_dir=D --out=OUT`.

Every photo is opened once. The folder --out then holds TFRecord shards for training, `summary.html` to look
at, `quarantine.csv` and `duplicates.csv`; the same command, killed and started again, goes on from the last
shard.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from aesthkeras import command
from aesthkeras.cluster.engine import EngineSettings, joined
from aesthkeras.datasets.find import SOURCES, read_dataset
from aesthkeras.datasets.packed_records import PackedRecords
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.errors import UsageError
from aesthkeras.preparation.settings import PreparationSettings
from aesthkeras.settings import flag_values, require, setting


@dataclass(frozen=True)
class PrepareSettings:
    """Which data set, where it lies, and where the shards go."""

    dataset: str = setting("folder", "what kind of data set", list(SOURCES))
    data_dir: str = setting("samples", "root of the data set, in its published layout")
    out: str = setting("", "folder of the shards and the report, here or on a store (s3://, gs://)")

    def __post_init__(self) -> None:
        """Checks every range; raises `UsageError` naming the flag."""
        require(self, "out", bool(self.out), "a folder to write shards and report to")
        is_same = os.path.realpath(self.out) == os.path.realpath(self.data_dir)
        require(self, "out", not is_same, "another folder than --data_dir")


def main(_: list[str]) -> None:
    """Checks the flags and reads the set's lists, then loads TensorFlow and examines the photos."""
    places, choices = command.from_flags(PrepareSettings), command.from_flags(DatasetSettings)
    settings, engine = command.from_flags(PreparationSettings), command.from_flags(EngineSettings)
    data_set = read_dataset(places.dataset, places.data_dir, choices)
    if not data_set.records:
        raise UsageError(f"--data_dir={places.data_dir}: expected at least one photo that exists")

    data_set = data_set._replace(records=PackedRecords(data_set.records))
    title = os.path.basename(places.data_dir.rstrip("/")) or data_set.name
    with joined(engine) as cluster:
        from aesthkeras.preparation.on_cluster import ShardsOnCluster
        from aesthkeras.preparation.preparing import prepare, print_summary
        from aesthkeras.preparation.shards import write_shards

        write = ShardsOnCluster(cluster) if cluster else write_shards
        summary = prepare(data_set, places.out, settings, flag_values(choices), title, write=write)
    print_summary(places.out, summary)


if __name__ == "__main__":
    command.run(
        main,
        lambda: command.define_flags(PrepareSettings, DatasetSettings, PreparationSettings, EngineSettings),
    )
