"""The columns of a labels.csv: which of them mean what."""

from __future__ import annotations

import re
from typing import NamedTuple

from aesthkeras.datasets.listing import quoted
from aesthkeras.datasets.settings import UNGROUPED, DatasetSettings
from aesthkeras.errors import UsageError

COLUMNS_NAMED = 20  # columns that a message lists
GROUP_COLUMNS = ("group", "theme")
NEEDED = "expected path and at least one of score, label, c1 to cK"
COUNT_COLUMN = re.compile(r"c *[0-9]{1,4000}")  # Python reads no number of more digits


class Columns(NamedTuple):
    """The number of each column that is used; None where the file has no such column.

    Attributes:
        path: the photo.
        score: its score.
        label: its class.
        split: the part it is in.
        group: what it stays together with.
        counts: how many raters gave each rating, from `lowest` on; empty where there are no such columns.
        lowest: the rating of the first of them.
        names: of all columns of the file.
    """

    path: int
    score: int | None
    label: int | None
    split: int | None
    group: int | None
    counts: tuple[int, ...]
    lowest: int
    names: tuple[str, ...]

    @property
    def score_range(self) -> tuple[float, float] | None:
        """The lowest and highest rating that is counted; None without rating counts."""
        if not self.counts:
            return None
        return float(self.lowest), float(self.lowest + len(self.counts) - 1)


def find_columns(names: list[str], file_name: str, settings: DatasetSettings) -> Columns:
    """The columns of a labels.csv.

    Args:
        names: of all columns, in lower case.
        file_name: what messages name.
        settings: `group_column`.

    Raises:
        UsageError: a column that is needed is missing, one that would be used occurs twice, or rating counts
            have a gap.
    """
    shown = [quoted(name) for name in names[:COLUMNS_NAMED]] + ["..."] * (len(names) > COLUMNS_NAMED)
    found = f"found the columns {', '.join(shown) or 'none'}"
    wanted = settings.group_column.strip().lower()
    for needed in ("path", "score", "label", "split", *GROUP_COLUMNS, wanted):
        if needed and names.count(needed) > 1:
            raise UsageError(f"{file_name}: the column {needed} occurs more than once; {found}")
    place = {column: index for index, column in enumerate(names)}
    lowest, counts = _count_columns(names, file_name)
    if "path" not in place or not (counts or "score" in place or "label" in place):
        raise UsageError(f"{file_name}: {found}; {NEEDED}")
    if wanted not in ("", UNGROUPED) and wanted not in place:
        raise UsageError(f"group_column={settings.group_column}: no such column in {file_name}; {found}")
    group = wanted or next((column for column in GROUP_COLUMNS if column in place), UNGROUPED)
    return Columns(
        place["path"],
        place.get("score"),
        place.get("label"),
        place.get("split"),
        None if group == UNGROUPED else place.get(group),
        counts,
        lowest,
        tuple(names),
    )


def _count_columns(names: list[str], file_name: str) -> tuple[int, tuple[int, ...]]:
    """The lowest rating, and the numbers of the columns from it on; none where there are no rating counts."""
    places: dict[int, int] = {}
    for place, name in enumerate(names):
        if COUNT_COLUMN.fullmatch(name):
            rating = int(name[1:])
            if rating in places:
                both = f"{quoted(names[places[rating]])} and {quoted(name)}"
                raise UsageError(f"{file_name}: the columns {both} count one rating; expected one of them")
            places[rating] = place
    if not places:
        return 1, ()
    lowest = 0 if 0 in places else 1
    expected = range(lowest, lowest + max(2, len(places)))
    missing = next((rating for rating in expected if rating not in places), None)
    if missing is not None:
        unused = quoted(names[places[max(places)]])
        raise UsageError(
            f"{file_name}: has the column {unused}, but no column c{missing}; expected rating counts in c1 "
            "(or c0), c2 and on, without a gap"
        )
    return lowest, tuple(places[rating] for rating in expected)
