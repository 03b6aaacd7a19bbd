"""What a data set is like, in numbers: the content of `summary.json` and of the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from aesthkeras.datasets.record import SPLITS, DataSet
from aesthkeras.preparation.duplicates import DuplicateGroup
from aesthkeras.preparation.findings import Findings
from aesthkeras.preparation.plan import WITHOUT_SPLIT
from aesthkeras.preparation.settings import PreparationSettings

SCORE_BINS = 20
MOST_REASONS = 20
MOST_LEAKS = 100
_SHARES = {"lowest": 0, "5%": 5, "median": 50, "95%": 95, "highest": 100}


def summarize(
    data_set: DataSet,
    findings: Findings,
    groups: Sequence[DuplicateGroup],
    settings: PreparationSettings,
) -> dict[str, Any]:
    """Return the summary, ready for JSON.

    Args:
        data_set: what the source read.
        findings: what the examination found out.
        groups: duplicates; members are indices of records.
        settings: of the preparation.
    """
    good = np.flatnonzero(findings.good)
    records = data_set.records
    splits = np.array([records[index].split or WITHOUT_SPLIT for index in good.tolist()])
    shapes = findings.shapes[good]
    return {
        "dataset": data_set.name,
        "photos": len(good),
        "listed": len(records) + len(data_set.left_out),
        "left_out": {
            "by_the_source": _reasons(reason for _, _, reason in data_set.left_out),
            "by_the_examination": _reasons(findings.reasons.values()),
        },
        "splits": _splits(data_set, good, splits),
        "score_histogram": _score_histogram(data_set, good, splits),
        "sizes": {
            "shorter_edge": _spread(shapes.min(axis=1)),
            "longer_edge": _spread(shapes.max(axis=1)),
            "width_to_height": _spread(shapes[:, 1] / shapes[:, 0]),
            "megapixels": _spread(shapes.prod(axis=1, dtype=np.int64) / 1e6),
            "file_kilobytes": _spread(findings.file_bytes[good] / 1e3),
            "enlarged": int((shapes.min(axis=1) < settings.resize).sum()),
        },
        "duplicates": {kind: _count(groups, kind) for kind in ("exact", "near")},
        "leaks": [
            {
                "kind": group.kind,
                "photos": [
                    {"id": records[member].id, "split": records[member].split} for member in group.members
                ],
            }
            for group in groups[:MOST_LEAKS]
            if group.is_leak
        ],
        "shards": {"count": len(findings.shards), "bytes": sum(shard.bytes for shard in findings.shards)},
    }


def scores_of(data_set: DataSet, indices: np.ndarray) -> np.ndarray:
    """Return the scores of some records, float64; NaN for one without."""
    scores = (data_set.records[index].score for index in indices)
    return np.array([np.nan if score is None else score for score in scores], np.float64)


def ordered_splits(splits: np.ndarray) -> list[str]:
    """Return the splits that occur: train, validation, test, then anything else."""
    found = {str(split) for split in splits}
    return [*(split for split in SPLITS if split in found), *sorted(found.difference(SPLITS))]


def _reasons(reasons: Any) -> dict[str, int]:
    counted = Counter(reasons).most_common()
    rest = sum(count for _, count in counted[MOST_REASONS:])
    return {**dict(counted[:MOST_REASONS]), **({"other reasons": rest} if rest else {})}


def _splits(data_set: DataSet, good: np.ndarray, splits: np.ndarray) -> dict[str, Any]:
    scores = scores_of(data_set, good)
    found = {}
    for split in ordered_splits(splits):
        members = splits == split
        rated = scores[members & ~np.isnan(scores)]
        labels = Counter(data_set.records[index].label for index in good[members])
        unlabelled = labels.pop(None, 0)
        found[split] = {
            "photos": int(members.sum()),
            "classes": {name: labels[number] for number, name in enumerate(data_set.classes)},
            "without_label": unlabelled,
            "score": {**_spread(rated), "mean": float(rated.mean()), "sd": float(rated.std())}
            if len(rated)
            else {},
        }
    return found


def _score_histogram(data_set: DataSet, good: np.ndarray, splits: np.ndarray) -> dict[str, Any] | None:
    scores = scores_of(data_set, good)
    rated = ~np.isnan(scores)
    if not rated.any():
        return None
    edges = np.histogram_bin_edges(scores[rated], SCORE_BINS, data_set.score_range)
    counts = {
        split: np.histogram(scores[rated & (splits == split)], edges)[0].tolist()
        for split in ordered_splits(splits)
    }
    return {"edges": edges.tolist(), "photos": counts}


def _spread(values: np.ndarray) -> dict[str, float]:
    return {name: round(float(np.percentile(values, share)), 4) for name, share in _SHARES.items()}


def _count(groups: Sequence[DuplicateGroup], kind: str) -> dict[str, int]:
    some = [group for group in groups if group.kind == kind]
    return {
        "groups": len(some),
        "photos": sum(len(group.members) for group in some),
        "leaks": sum(group.is_leak for group in some),
    }
