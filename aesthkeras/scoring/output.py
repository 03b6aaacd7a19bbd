"""From a list of photos to a file or to printed lines."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import astuple, replace
from pathlib import Path

from tqdm import tqdm

from aesthkeras.culling.sidecar_rule import SidecarRule
from aesthkeras.errors import UsageError
from aesthkeras.files import replace_file_by_parts
from aesthkeras.monitoring.progress import counted, say
from aesthkeras.scoring.gallery import About, write_gallery
from aesthkeras.scoring.grouping import group_rows
from aesthkeras.scoring.listing import Listed
from aesthkeras.scoring.network import ScoringNetwork
from aesthkeras.scoring.rows import Row
from aesthkeras.scoring.scoring import ScoreLists, ScoringChoices, score_lists
from aesthkeras.scoring.sidecar_files import write_sidecars
from aesthkeras.scoring.store import ScoreStore
from aesthkeras.scoring.tables import csv_lines, json_lines

TABLES = {"csv": csv_lines, "jsonl": json_lines}
_PATHS_AT_ONCE = 4096


def write_scores(
    network: ScoringNetwork,
    photos: Iterable[Listed],
    out: Path,
    format_name: str,
    title: str,
    choices: ScoringChoices,
    score: ScoreLists = score_lists,
    groups: bool = True,
    sidecars: SidecarRule | None = None,
) -> None:
    """Score photos and write a file, which has its name only when it is whole.

    Args:
        network: the scorer.
        photos: what to score; each file gets one row.
        out: the file to write.
        format_name: `csv`, `jsonl` or `html`.
        title: heading of a gallery.
        choices: what of a photo is scored; what its row holds follows from the format.
        score: where it is done; rows may come in any order.
        groups: whether to group photos of one scene.
        sidecars: which XMP sidecars to write beside the photos; None writes none.

    Raises:
        UsageError: nothing to score, or the file cannot be written.
    """
    is_gallery = format_name == "html"
    choices = replace(choices, for_gallery=is_gallery)
    made_by = json.dumps([network.fingerprint, astuple(choices)])
    with ScoreStore(out, made_by) as store:
        for rows in _new_rows(network, store, photos, choices, score):
            store.add(rows)
        if groups:
            group_rows(store)
        if sidecars:
            write_sidecars(store, sidecars)
        count, _, unreadable = store.count()
        try:
            if is_gallery:
                about = About(title, count, unreadable, network.crop, network.name, choices.crops)
                write_gallery(out, store.rows("best first"), about)
            else:
                replace_file_by_parts(out, TABLES[format_name](store.rows(), groups))
        except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
            raise UsageError(f"out={out}: expected a place to write to ({error.strerror})") from error
        store.delete()
    say(f"{counted(count, 'photo')} in {out}{_unreadable_note(unreadable)}")


def print_scores(
    network: ScoringNetwork,
    photos: Iterable[Listed],
    format_name: str,
    choices: ScoringChoices,
    score: ScoreLists = score_lists,
) -> None:
    """Score photos and print their rows as they come from `score`, as `csv` or `jsonl`, without groups."""
    unreadable = 0

    def rows(store: ScoreStore) -> Iterator[Row]:
        nonlocal unreadable
        for batch in _new_rows(network, store, photos, choices, score):
            unreadable += sum(bool(row.error) for row in batch)
            yield from batch

    with ScoreStore(None, "") as store:
        try:
            for line in TABLES[format_name](rows(store), False):
                sys.stdout.buffer.write(line)
                sys.stdout.buffer.flush()
        except BrokenPipeError:  # the reader has closed the pipe, as in `| head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if unreadable:
        say(f"{counted(unreadable, 'photo')} could not be read")


def _new_rows(
    network: ScoringNetwork,
    store: ScoreStore,
    photos: Iterable[Listed],
    choices: ScoringChoices,
    score: ScoreLists,
) -> Iterator[list[Row]]:
    store.put_in_order(photos)
    count = store.count()
    if not count.listed:
        raise UsageError("score: no photos; expected at least one, as an argument or on standard input")
    with tqdm(total=count.listed, initial=count.done, desc="scoring", unit="photo") as bar:
        for rows in score(network, store.waiting(_PATHS_AT_ONCE), choices):
            yield rows
            bar.update(len(rows))


def _unreadable_note(unreadable: int) -> str:
    return f", {unreadable:,} of which could not be read" if unreadable else ""
