"""`summary.html`: the summary for a person, in one file that needs nothing beside it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import tensorflow as tf

from aesthkeras.datasets.record import DataSet
from aesthkeras.monitoring.progress import counted
from aesthkeras.photos.photo_files import photo_decoder
from aesthkeras.photos.views import resize_shorter_edge
from aesthkeras.preparation import plots
from aesthkeras.preparation.duplicates import DuplicateGroup
from aesthkeras.preparation.examination import only_more_formats_can
from aesthkeras.preparation.findings import Findings
from aesthkeras.preparation.settings import PreparationSettings
from aesthkeras.preparation.summary import scores_of
from aesthkeras.storage import read_whole, write_whole
from aesthkeras.templates import load_template

PAGE = "summary.html"
GROUPS_SHOWN = 12
PHOTOS_OF_A_GROUP = 4
EXTREMES_SHOWN = 7
THUMBNAIL_EDGE = 112  # pixels


def write_page(
    out: str,
    summary: Mapping[str, Any],
    data_set: DataSet,
    findings: Findings,
    groups: Sequence[DuplicateGroup],
    settings: PreparationSettings,
    title: str,
) -> None:
    """Write the page into the folder `out`; it shows thumbnails of some of the set's own photos."""
    shapes = findings.shapes[findings.good]
    drawn = {
        "classes": plots.class_plot(summary["splits"]),
        "scores": plots.score_plot(summary["score_histogram"]),
        "sizes": plots.size_plot(shapes, settings.resize),
        "aspects": plots.aspect_plot(shapes),
    }
    text = load_template("aesthkeras.preparation", "summary.html").render(
        title=title,
        summary=summary,
        settings=settings,
        plots={name: _data_uri(svg.encode(), "svg+xml") for name, svg in drawn.items() if svg},
        groups=[_shown(group, data_set) for group in groups[:GROUPS_SHOWN]],
        groups_left=max(0, len(groups) - GROUPS_SHOWN),
        extremes=_extremes(data_set, findings),
        warnings=warnings_of(summary),
    )
    write_whole(f"{out}/{PAGE}", text.encode("utf-8", "replace"))


def warnings_of(summary: Mapping[str, Any]) -> list[str]:
    """Return what a person should look at before training, a sentence each."""
    found = []
    for kind, words in (("exact", "are the same file"), ("near", "show nearly the same picture")):
        leaks = summary["duplicates"][kind]["leaks"]
        if leaks:
            found.append(
                f"Leak: {counted(leaks, 'group')} of photos in different splits {words}; "
                "duplicates.csv lists them first."
            )
    missing = summary["listed"] - summary["photos"]
    if missing > 0.01 * summary["listed"]:
        found.append(f"{missing} of {summary['listed']} photos were left out, more than one in a hundred.")
    enlarged = summary["sizes"]["enlarged"]
    if enlarged > 0.05 * summary["photos"]:
        found.append(
            f"{counted(enlarged, 'photo')} smaller than the resize had to be enlarged, which looks soft."
        )
    for name, split in summary["splits"].items():
        empty = [label for label, count in split["classes"].items() if not count]
        if empty:
            more = f" and {len(empty) - 5} more" if len(empty) > 5 else ""
            found.append(f"No photo in {name} is of class {', '.join(empty[:5])}{more}.")
    return found


def _shown(group: DuplicateGroup, data_set: DataSet) -> dict[str, Any]:
    members = [data_set.records[member] for member in group.members]
    return {
        "kind": group.kind,
        "is_leak": group.is_leak,
        "left": max(0, len(members) - PHOTOS_OF_A_GROUP),
        "photos": [
            {"id": record.id, "split": record.split, "picture": _thumbnail(record.path)}
            for record in members[:PHOTOS_OF_A_GROUP]
        ],
    }


def _extremes(data_set: DataSet, findings: Findings) -> list[dict[str, Any]]:
    """The photos with the lowest and the highest scores: a scale read upside down is seen at once."""
    good = np.flatnonzero(findings.good)
    scores = scores_of(data_set, good)
    rated = np.flatnonzero(~np.isnan(scores))
    if len(rated) < 4 * EXTREMES_SHOWN:
        return []
    order = rated[np.argsort(scores[rated], kind="stable")]
    rows = (("lowest scores", order[:EXTREMES_SHOWN]), ("highest scores", order[: -EXTREMES_SHOWN - 1 : -1]))
    return [
        {
            "title": title,
            "photos": [
                {
                    "id": data_set.records[good[place]].id,
                    "score": float(scores[place]),
                    "picture": _thumbnail(data_set.records[good[place]].path),
                }
                for place in places
            ],
        }
        for title, places in rows
    ]


@lru_cache(maxsize=256)
def _thumbnail(path: str) -> str:
    """A small picture as a data URI; empty for a photo that has gone since."""
    try:
        decode = photo_decoder(only_more_formats_can(path))
        photo = decode(tf.constant(read_whole(path)), tf.constant(""))
        small = tf.io.encode_jpeg(resize_shorter_edge(photo, THUMBNAIL_EDGE), quality=80)
    except (OSError, tf.errors.OpError):
        return ""
    return _data_uri(small.numpy(), "jpeg")


def _data_uri(content: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
