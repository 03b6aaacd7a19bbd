"""What is known of a photo and of its data set before any photo is opened; the same for every source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

SPLITS = ("train", "validation", "test")
SPLIT_WORDS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}


def split_named(word: str) -> str | None:
    """The one of `SPLITS` that the name of a folder, or a word in a column, means in any case; or None."""
    return SPLIT_WORDS.get(word.strip().lower())


class Record(NamedTuple):
    """One photo of a data set.

    Attributes:
        id: unique in its data set; what files written about the set call the photo.
        path: the photo's file.
        split: `train`, `validation` or `test`; empty where the set has no split.
        score: the mean rating, on the scale of the set; None where there is none.
        counts: how many raters gave each rating, from the lowest on; empty where unknown.
        label: index into the set's `classes`; None where there is none.
        group: photos of one group never lie on both sides of a split; empty for a photo of its own.
    """

    id: str
    path: str
    split: str = ""
    score: float | None = None
    counts: tuple[int, ...] = ()
    label: int | None = None
    group: str = ""


class DataSet(NamedTuple):
    """A data set as a source reads it, before any photo is opened.

    Attributes:
        name: `ava`, `aadb`, ...
        records: sorted by id; their files exist, whether they can be decoded is not known yet.
        classes: the names of the labels by index, `("low", "high")` for binary quality.
        left_out: (id, path, reason) of what the set lists and cannot give: missing files, ambiguous labels.
        score_range: lowest and highest possible score; None where there are no scores.
        threshold: the score from which on the label is 1; None where labels do not come from scores.
        has_own_split: whether the set, as published or as its files say, has a training and a test part.
        own_threshold: the threshold that the set itself asks for, a number or `median` (of the training
            part); empty where labels do not come from scores.
    """

    name: str
    records: Sequence[Record]
    classes: tuple[str, ...] = ()
    left_out: list[tuple[str, str, str]] = []
    score_range: tuple[float, float] | None = None
    threshold: float | None = None
    has_own_split: bool = False
    own_threshold: str = ""


def rated_set(
    name: str,
    records: list[Record],
    left_out: list[tuple[str, str, str]],
    score_range: tuple[float, float],
    threshold: str,
) -> DataSet:
    """A set of rated photos that says which ones train, and from which score on a photo is positive."""
    return DataSet(
        name,
        records,
        left_out=left_out,
        score_range=score_range,
        has_own_split=True,
        own_threshold=threshold,
    )
