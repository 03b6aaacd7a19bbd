"""Records of a million photos in a quarter of the memory that tuples take."""

from __future__ import annotations

from abc import abstractmethod
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar, overload

import numpy as np

from aesthkeras.datasets.record import Record

NO_LABEL = -1
Item = TypeVar("Item")


class _Packed(Sequence[Item]):
    """Items that are made when they are asked for."""

    @overload
    def __getitem__(self, place: int) -> Item: ...
    @overload
    def __getitem__(self, place: slice) -> list[Item]: ...
    def __getitem__(self, place: int | slice) -> Item | list[Item]:
        if isinstance(place, slice):
            return [self._at(one) for one in range(*place.indices(len(self)))]
        return self._at(range(len(self))[place])  # which counts from the end, and refuses what is beyond it

    @abstractmethod
    def _at(self, place: int) -> Item:
        """Makes the item at a place from 0 on."""


class PackedTexts(_Packed[str]):
    """Paths or names: folders kept once each, the rest in one run of bytes; made when they are asked for."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._bytes = bytearray()
        self._ends = array("q")
        self._folders, self._folder_of = _numbered(self._folder_of_each(texts))

    def __len__(self) -> int:
        return len(self._ends)

    def _at(self, place: int) -> str:
        start = self._ends[place - 1] if place else 0
        rest = self._bytes[start : self._ends[place]].decode("utf-8", "surrogateescape")
        return self._folders[self._folder_of[place]] + rest

    def _folder_of_each(self, texts: Iterable[str]) -> Iterator[str]:
        """Keeps what follows the last slash, and gives what stands before."""
        for text in texts:
            folder, slash, rest = text.rpartition("/")
            self._bytes += rest.encode("utf-8", "surrogateescape")
            self._ends.append(len(self._bytes))
            yield folder + slash


class PackedRecords(_Packed[Record]):
    """Records by column, not to be changed; equal to those that they were made of.

    Args:
        records: of a data set.
    """

    def __init__(self, records: Sequence[Record]) -> None:
        self._ids = PackedTexts(record.id for record in records)
        self._paths = PackedTexts(record.path for record in records)
        self._groups = PackedTexts(record.group for record in records)
        self._splits, self._split_of = _numbered(record.split for record in records)
        scores = (np.nan if record.score is None else record.score for record in records)
        self._scores = np.fromiter(scores, np.float64)
        labels = (NO_LABEL if record.label is None else record.label for record in records)
        self._labels = np.fromiter(labels, np.int32)
        self._counts = np.fromiter((count for record in records for count in record.counts), np.int64)
        self._counts_end = np.cumsum(np.fromiter((len(record.counts) for record in records), np.int64))

    def __len__(self) -> int:
        return len(self._ids)

    def _at(self, place: int) -> Record:
        score, label = float(self._scores[place]), int(self._labels[place])
        start = self._counts_end[place - 1] if place else 0
        return Record(
            self._ids[place],
            self._paths[place],
            self._splits[self._split_of[place]],
            None if np.isnan(score) else score,
            tuple(self._counts[start : self._counts_end[place]].tolist()),
            None if label == NO_LABEL else label,
            self._groups[place],
        )


def _numbered(texts: Iterable[str]) -> tuple[list[str], np.ndarray]:
    """The distinct texts, and which of them each is."""
    numbers: dict[str, int] = {}
    which = np.fromiter((numbers.setdefault(text, len(numbers)) for text in texts), np.int32)
    return list(numbers), which
