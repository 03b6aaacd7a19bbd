"""A data set from the shards that `prepare` made of it, by what their entries say; no photo is opened.

The records' split is the set's own: `--split=own` keeps it, any other is drawn anew. Labels come from the
scores again, by the threshold and the margin asked for now; where no threshold is asked for, it is the one
that the shards were made with.
"""

from __future__ import annotations

from dataclasses import replace

from aesthkeras.datasets.assembly import assemble
from aesthkeras.datasets.cuhkpq import subject_and_quality
from aesthkeras.datasets.record import DataSet, Record
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.errors import UsageError
from aesthkeras.photos.shard_index import ShardIndex
from aesthkeras.settings import require

CUHKPQ = "cuhkpq"


def read_shard_records(index: ShardIndex, settings: DatasetSettings) -> DataSet:
    """Reads the entries of all shards; the path of a record is its id.

    Args:
        index: of the shard folder.
        settings: how to split and label the set.

    Returns:
        The set as its own source would read it, but for photos that `prepare` could not decode: these are
        among those left out.

    Raises:
        UsageError: settings that do not apply to shards, or shards whose entries hold no scores and groups.
    """
    where = f"data_dir={index.folder}"
    if index.has_own_split is None:
        raise UsageError(
            f"{where}: these shards are of an older version; `prepare` makes new ones in another out"
        )
    for name in ("score_range", "group_column"):
        require(settings, name, not getattr(settings, name), "none with shards, whose records have both")
    records, left_out = [], []
    for shard in index.shards:
        entry = index.entry(shard)
        columns = entry.columns
        for id_, label, score, counts, group in zip(
            columns.id, columns.label, columns.score, columns.counts, columns.group
        ):
            records.append(Record(id_, id_, shard.split, score, tuple(counts), label, group))
        left_out += [(id_, id_, reason) for id_, reason in entry.broken]
    if index.own_threshold and not settings.threshold:
        settings = replace(settings, threshold=index.flags.get("threshold", ""))
    data_set = DataSet(
        index.dataset,
        records,
        index.classes,
        left_out,
        index.score_range,
        has_own_split=index.has_own_split or index.flags.get("split", "own") != "own",
        own_threshold=index.own_threshold,
    )
    stratum = subject_and_quality if index.dataset == CUHKPQ else None
    return assemble(data_set, settings, where, stratum=stratum)


def require_whole_set(index: ShardIndex) -> None:
    """Raises `UsageError` where a margin left photos out, on which another split would have to test."""
    margin = float(index.flags.get("margin", "0"))
    if margin:
        raise UsageError(
            f"data_dir={index.folder}: these shards were made with margin={margin:g} and lack photos that "
            "another split would test on; expected split=own and no folds, or shards without a margin"
        )
