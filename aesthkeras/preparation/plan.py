"""Which photo goes into which shard, and `plan.json`, which records what decides that.

The plan is a function of the records and the settings, and of nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np

from aesthkeras.datasets.record import DataSet, Record
from aesthkeras.errors import UsageError
from aesthkeras.photos.photo_files import file_size
from aesthkeras.photos.photo_set import fingerprint_of
from aesthkeras.photos.shard_index import FORMAT, PLAN
from aesthkeras.preparation.settings import PreparationSettings
from aesthkeras.storage import file_bytes, is_remote, read_whole, write_whole

WITHOUT_SPLIT = "all"  # names the shards of a set that has no splits


class PlannedShard(NamedTuple):
    """One shard that is to be written.

    Attributes:
        name: of its file, without folder and suffix.
        split: of its photos.
        records: indices of its photos, int64 [photos].
    """

    name: str
    split: str
    records: np.ndarray


@dataclass(frozen=True)
class Plan:
    """What decides the content of the shards, as `plan.json` keeps it.

    Attributes:
        format: of the shards.
        flags: name of the data set and settings of the preparation, flag name -> text.
        source_flags: settings of the data set, flag name -> text.
        classes: names of the labels by index.
        score_range: lowest and highest possible score; None where there are no scores.
        photos: SHA-256 over names and sizes of the photos, in hexadecimal.
        labels: SHA-256 over all that the records say except their paths, in hexadecimal.
        records: how many there are.
    """

    format: str
    flags: dict[str, str]
    source_flags: dict[str, str]
    classes: list[str]
    score_range: list[float] | None
    photos: str
    labels: str
    records: int


def plan_shards(records: Sequence[Record], shard_photos: int) -> list[PlannedShard]:
    """Deal the photos of each split out to shards of nearly equal size.

    The order mixes them by a hash of their ids: sets are sorted by class or by date, and a reader that
    shuffles a few thousand photos at a time would otherwise see one class after the other.

    Args:
        records: sorted by id.
        shard_photos: about how many photos a shard gets.
    """
    splits = np.array([record.split for record in records])
    keys = np.fromiter((_mixing_key(record.id) for record in records), np.uint64, len(records))
    planned = []
    for split in np.unique(splits):
        members = np.flatnonzero(splits == split)
        members = members[np.argsort(keys[members], kind="stable")]
        count = max(1, round(len(members) / shard_photos))
        for number, some in enumerate(np.array_split(members, count)):
            name = f"{split or WITHOUT_SPLIT}-{number:05d}-of-{count:05d}"
            planned.append(PlannedShard(name, str(split), some))
    return planned


def photo_sizes(records: Sequence[Record]) -> np.ndarray:
    """Return the size of each photo's file, int64 [records]; -1 where there is none, 0 on a store.

    A store answers each such question over the network, one at a time: a million take hours.
    """
    sizes = (0 if is_remote(record.path) else file_size(record.path) for record in records)
    return np.fromiter(sizes, np.int64, len(records))


def describe_plan(
    data_set: DataSet, sizes: np.ndarray, settings: PreparationSettings, choices: Mapping[str, str]
) -> Plan:
    """Return the plan of the shards.

    Args:
        data_set: the records.
        sizes: as `photo_sizes` gives them.
        settings: of the preparation.
        choices: flag name -> text, of the source's settings.
    """
    order = sorted(range(len(sizes)), key=lambda index: data_set.records[index].path)
    flags = {"dataset": data_set.name, **{name: str(value) for name, value in asdict(settings).items()}}
    del flags["near_bits"]  # decides about the report only
    return Plan(
        FORMAT,
        flags,
        dict(choices),
        list(data_set.classes),
        list(data_set.score_range) if data_set.score_range else None,
        fingerprint_of([data_set.records[index].path for index in order], sizes[order]),
        _labels_digest(data_set.records),
        len(data_set.records),
    )


def keep_plan(out: str, plan: Plan) -> None:
    """Write the plan to the folder `out`, or find that it is the plan already there.

    Raises:
        UsageError: the folder holds shards of another plan; the line says what differs.
    """
    path = f"{out}/{PLAN}"
    if file_bytes(path) < 0:
        write_whole(path, json.dumps(asdict(plan), indent=2).encode())
        return
    try:
        differing = _differences(Plan(**json.loads(read_whole(path))), plan)
    except (ValueError, TypeError, AttributeError):
        raise UsageError(f"{path}: expected the plan of a preparation; give another out") from None
    if differing:
        raise UsageError(
            f"out={out} holds shards of another plan: {'; '.join(differing)}; "
            "give the same flags and photos or another out"
        )


def _mixing_key(name: str) -> int:
    digest = hashlib.blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def _labels_digest(records: Sequence[Record]) -> str:
    digest = hashlib.sha256()
    for record in records:
        without_path = record._replace(path="")  # where the photos lie may change
        digest.update(repr(tuple(without_path)).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _differences(earlier: Plan, now: Plan) -> list[str]:
    if earlier.format != now.format:
        return [f"the format was {earlier.format!r}, now {now.format!r}"]
    differing = _changed_flags(earlier.flags, now.flags)
    parts = ("photos", "labels", "classes", "score_range")
    if any(getattr(earlier, part) != getattr(now, part) for part in parts):
        causes = _changed_flags(earlier.source_flags, now.source_flags)
        if earlier.records != now.records:
            causes.append(f"there were {earlier.records} photos, now {now.records}")
        elif earlier.photos != now.photos:
            causes.append("names or sizes of the photos have changed")
        differing += causes or ["ids, splits, scores or labels of the photos have changed"]
    return differing


def _changed_flags(earlier: dict[str, str], now: dict[str, str]) -> list[str]:
    return [f"{name}={now[name]}, was {earlier.get(name)}" for name in now if earlier.get(name) != now[name]]
