"""The whole preparation: a data set in, shards and a report out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import tensorflow as tf

from aesthkeras.datasets.record import DataSet
from aesthkeras.errors import UsageError
from aesthkeras.files import lock_folder
from aesthkeras.monitoring.progress import say
from aesthkeras.photos.photo_files import MAX_FILE_BYTES
from aesthkeras.photos.quarantine import QUARANTINE
from aesthkeras.photos.shard_index import ShardIndex, write_index
from aesthkeras.preparation.duplicates import DuplicateGroup, duplicate_groups
from aesthkeras.preparation.findings import Findings, gather
from aesthkeras.preparation.page import PAGE, write_page
from aesthkeras.preparation.plan import Plan, describe_plan, keep_plan, photo_sizes, plan_shards
from aesthkeras.preparation.settings import PreparationSettings
from aesthkeras.preparation.shards import ShardWriter, write_shards
from aesthkeras.preparation.summary import summarize
from aesthkeras.preparation.tables import DUPLICATES, left_out, write_duplicates, write_left_out
from aesthkeras.settings import require_text
from aesthkeras.storage import connect, is_remote, make_folder, write_whole

SUMMARY = "summary.json"


def prepare(
    data_set: DataSet,
    out: str,
    settings: PreparationSettings,
    choices: Mapping[str, str] | None = None,
    title: str = "",
    progress: bool = True,
    write: ShardWriter = write_shards,
) -> dict[str, Any]:
    """Examine every photo once, write the shards, the lists and the report.

    Started again after a kill, it does not make finished shards again.

    Args:
        data_set: what a source read.
        out: the folder for everything, here or on a store; made where it is missing.
        settings: of the preparation.
        choices: flag name -> text of the source's settings, so that a refusal can name the one that changed.
        title: of the report page; the name of the data set unless given.
        progress: whether to show a progress bar on stderr.
        write: what writes the shards.

    Returns:
        The summary, as `summary.json` holds it.

    Raises:
        UsageError: the folder cannot be written, is in use, holds shards of another plan, or no photo can be
            decoded.
    """
    out = out.rstrip("/") or out
    require_text("out", out)
    connect(out, "out")
    sizes = photo_sizes(data_set.records)
    plan = describe_plan(data_set, sizes, settings, choices or {})
    lock = _claim(out, plan)
    try:
        planned = plan_shards(data_set.records, settings.shard_photos)
        # 0 is an empty file, or one on a store: trying costs little there
        readable = (sizes >= 0) & (sizes <= MAX_FILE_BYTES)
        write(planned, data_set.records, readable, out, settings, progress)
        findings = gather(planned, data_set.records, out)
        refused = left_out(data_set, findings)
        write_left_out(out, refused)
        if not findings.good.any():
            _, path, reason = refused[0]
            raise UsageError(
                f"data_dir: expected a photo that can be decoded, but of {len(data_set.records)} none can; "
                f"{path}: {reason}"
            )
        groups = find_groups(data_set, findings, settings.near_bits)
        write_duplicates(out, groups, data_set, findings)
        summary = summarize(data_set, findings, groups, settings)
        write_whole(f"{out}/{SUMMARY}", json.dumps(summary, indent=2).encode())
        write_page(out, summary, data_set, findings, groups, settings, title or data_set.name)
        write_index(
            ShardIndex(
                out,
                data_set.name,
                data_set.classes,
                data_set.score_range,
                {**plan.source_flags, **plan.flags},
                findings.shards,
                data_set.has_own_split,
                data_set.own_threshold,
            )
        )
        return summary
    finally:
        _release(lock)


def find_groups(data_set: DataSet, findings: Findings, near_bits: int) -> list[DuplicateGroup]:
    """Return the duplicates among the photos that can be decoded; members are indices of records."""
    good = np.flatnonzero(findings.good)
    names = sorted({record.split for record in data_set.records})
    splits = np.array([names.index(data_set.records[int(index)].split) for index in good], np.int8)
    found = duplicate_groups(findings.content[good], findings.perceptual[good], splits, near_bits)
    return [group._replace(members=tuple(int(good[member]) for member in group.members)) for group in found]


def print_summary(out: str, summary: Mapping[str, Any]) -> None:
    """Print the outcome to stderr in a few lines."""
    parts = ", ".join(f"{name} {split['photos']}" for name, split in summary["splits"].items())
    lines = [f"{summary['photos']} of {summary['listed']} photos are in {out} ({parts})"]
    if summary["photos"] < summary["listed"]:
        lines.append(f"photos left out: {summary['listed'] - summary['photos']}; {out}/{QUARANTINE} says why")
    for kind in ("exact", "near"):
        count = summary["duplicates"][kind]
        if count["groups"]:
            lines.append(f"groups of {kind} duplicates: {count['groups']}; {out}/{DUPLICATES} lists them")
    leaks = sum(count["leaks"] for count in summary["duplicates"].values())
    if leaks:
        first = " = ".join(f"{photo['id']} ({photo['split']})" for photo in summary["leaks"][0]["photos"][:4])
        lines.append(f"LEAK: groups that lie in more than one split: {leaks}; the first is {first}")
    lines.append(f"{out}/{PAGE} shows the set")
    for line in lines:
        say(line)


def _claim(out: str, plan: Plan) -> TextIO | None:
    """Make the folder and take its lock; stores have none."""
    lock = None
    try:
        make_folder(out)
        if not is_remote(out):
            lock = lock_folder(Path(out))
            if lock is None:
                say(f"{out}: this file system has no locks; start no second preparation there")
        keep_plan(out, plan)
    except UsageError:
        _release(lock)
        raise
    except BlockingIOError:
        raise UsageError(f"out={out}: another process is preparing shards in this folder") from None
    except (OSError, tf.errors.OpError) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise UsageError(f"out={out}: expected a folder to write to ({reason})") from error
    return lock


def _release(lock: TextIO | None) -> None:
    if lock is not None:
        lock.close()
