"""The answer of `monotone` for people: a table, the same as CSV, and a picture."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy.stats import binomtest

from aesthkeras.degradations.table import CLASSES
from aesthkeras.errors import UsageError
from aesthkeras.files import replace_file
from aesthkeras.monitoring.progress import counted, say
from aesthkeras.reports.figures import COLOURS, DOTS_PER_INCH, GRID_COLOUR, png
from aesthkeras.scoring.faults import WORDS
from aesthkeras.scoring.monotone import Change

COUNTED_EDITS = CLASSES[1:]
SHARES = ("share_lower", "low", "high", "mean_change", "deviation")
COUNTS = ("lower", "equal", "named", "photos")
MOSTLY_LOWER, MOSTLY_HIGHER = COLOURS[:2]


def write_monotone_report(change: Change, model: str, out: str) -> None:
    """Write `monotone.csv`, `monotone.png` and `monotone.md` into a folder, and print a one-line summary.

    Raises:
        UsageError: the folder cannot be written to.
    """
    try:
        Path(out).mkdir(parents=True, exist_ok=True)
        replace_file(Path(out) / "monotone.csv", csv_table(change).encode())
        replace_file(Path(out) / "monotone.png", picture(change, model))
        replace_file(Path(out) / "monotone.md", monotone_markdown(change, model).encode())
    except (FileExistsError, NotADirectoryError, PermissionError) as error:
        raise UsageError(f"out={out}: expected a folder to write to ({error.strerror})") from error
    say(f"{headline(change)} {os.path.join(out, 'monotone.md')}")


def headline(change: Change) -> str:
    """How often a degraded copy scores lower over all edits, and for which edit least often."""
    share = change.lower.sum() / (change.photos * len(COUNTED_EDITS))
    least = int(change.lower.argmin())
    return (
        f"A degraded copy scores lower than its original in {share:.1%} of cases, "
        f"least often for {COUNTED_EDITS[least].name} ({change.lower[least] / change.photos:.1%})."
    )


def csv_table(change: Change) -> str:
    """A line per edit; `low` and `high` are the share's 95% interval (Wilson)."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["class", *SHARES, *COUNTS])
    for place, edit in enumerate(COUNTED_EDITS):
        lower, equal = int(change.lower[place]), int(change.equal[place])
        share, moved = (
            (lower / change.photos, *_interval(lower, change.photos)),
            (change.mean, change.deviation),
        )
        numbers = [*share, *(float(values[place]) for values in moved)]
        named = "" if change.named is None else int(change.named[edit.index])
        counts = [lower, equal, named, change.photos]
        rows.writerow([edit.name, *(f"{number:.6f}" for number in numbers), *counts])
    return out.getvalue()


def monotone_markdown(change: Change, model: str) -> str:
    """The report as Markdown, beside its picture."""
    left_out = f", {change.unreadable:,} more could not be read" if change.unreadable else ""
    lines = [
        f"# What {model} makes of degraded photos",
        "",
        f"{headline(change)} {counted(change.photos, 'photo')}{left_out}; "
        "their middle square, degraded as in pre-training.",
        "",
        "| degraded | seems | said so | copies that score lower | 95% interval | mean change of the score |",
        "|---|---|---|---|---|---|",
    ]
    for place, edit in enumerate(COUNTED_EDITS):
        lower = int(change.lower[place])
        low, high = _interval(lower, change.photos)
        lines.append(
            f"| {edit.name} | {WORDS[edit.name]} | {_named(change, edit.index)} "
            f"| {lower / change.photos:.1%} | {low:.1%} to {high:.1%} "
            f"| {change.mean[place]:+.4f} ± {change.deviation[place]:.4f} |"
        )
    if change.named is not None:
        lines += ["", f"Of the photos themselves it says `{WORDS[CLASSES[0].name]}` in {_named(change, 0)}."]
    lines += ["", "± is one standard deviation over photos.", "", "![shares and changes](monotone.png)", ""]
    return "\n".join(lines)


def picture(change: Change, model: str) -> bytes:
    """Two bar charts side by side, a row per edit: share of lower scores, mean change; as a PNG."""
    figure = Figure(figsize=(8.6, 5.6), dpi=DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    shares, changes = figure.subplots(1, 2, sharey=True)
    rows = np.arange(len(COUNTED_EDITS))
    share = change.lower / change.photos
    intervals = np.array([_interval(int(lower), change.photos) for lower in change.lower]).T
    errors = np.maximum(np.abs(intervals - share), 0)
    colours = [MOSTLY_LOWER if value > 0.5 else MOSTLY_HIGHER for value in share]
    shares.barh(rows, 100 * share, color=colours, xerr=100 * errors, error_kw={"elinewidth": 0.9})
    shares.axvline(50, color="#444", linewidth=1, linestyle=":")
    shares.set(xlim=(0, 100), xlabel="copies that score lower, %")
    shares.set_title(model, parse_math=False)  # two dollar signs in a name are no formula
    colours = [MOSTLY_LOWER if value < 0 else MOSTLY_HIGHER for value in change.mean]
    changes.barh(rows, change.mean, color=colours)
    changes.axvline(0, color="#444", linewidth=1)
    changes.set(xlabel="mean change of the score", title=counted(change.photos, "photo"))
    shares.set_yticks(rows, [edit.name for edit in COUNTED_EDITS])
    shares.invert_yaxis()
    for axes in (shares, changes):
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.grid(axis="x", color=GRID_COLOUR, linewidth=0.7)
        axes.set_axisbelow(True)
        axes.tick_params(length=0)
    return png(figure)


def _named(change: Change, index: int) -> str:
    """How often the likeliest fault is the right one."""
    return "" if change.named is None else f"{change.named[index] / change.photos:.1%}"


def _interval(lower: int, photos: int) -> tuple[float, float]:
    found = binomtest(lower, photos).proportion_ci(method="wilson")
    return float(found.low), float(found.high)
