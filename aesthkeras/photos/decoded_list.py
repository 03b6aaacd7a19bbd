"""A list, kept beside the photos, of those that were decoded once, so that no other run has to find that out.

A line a photo: size, time of change in nanoseconds, whether Pillow decoded it, name. Lines are added while
the photos are decoded, so a killed run goes on where it was. A photo whose size or time differs from its line
is examined again, and so is every refused one: a newly installed decoder may take it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np

DECODED = ".aesthkeras-decoded"
CACHE = "~/.cache"  # where XDG_CACHE_HOME names no other
WRITTEN_AT_ONCE = 100  # photos; a kill loses no more


class DecodedList:
    """The list of one folder, a context manager: lines are added while it is open.

    Args:
        folder: of the photos. A list that cannot be written there lies in the user's cache, under
            `aesthkeras`; one that can be written nowhere is not kept.
    """

    def __init__(self, folder: str) -> None:
        self._folder = os.path.abspath(folder)
        key = hashlib.sha256(os.fsencode(self._folder)).hexdigest()[:16]
        cache = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser(CACHE)) / "aesthkeras"
        self._places = (Path(self._folder, DECODED), cache / f"decoded-{key}")
        self._file: BinaryIO | None = None
        self._waiting: list[bytes] = []

    def find(
        self, paths: Sequence[str], sizes: np.ndarray, times: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Looks photos up.

        Args:
            paths: of the photos.
            sizes: of their files, int64 [photos], in bytes.
            times: of their last change, int64 [photos], in nanoseconds.

        Returns:
            Which of them have been decoded, and which of these by Pillow: bool [photos] each.
        """
        lines: dict[bytes, bool] = {}
        for place in self._places:
            try:
                with open(place, "rb") as file:
                    for line in file:
                        start, _, rest = line.partition(b" ")
                        time, _, rest = rest.partition(b" ")
                        by_pillow, _, name = rest.partition(b" ")
                        lines[b" ".join((start, time, name))] = by_pillow == b"1"
            except OSError:
                continue
        found = [lines.get(b"%d %d %s\n" % key) for key in zip(sizes, times, map(self._name, paths))]
        return np.array([one is not None for one in found], bool), np.array(
            [one is True for one in found], bool
        )

    def add(self, path: str, size: int, time: int, by_pillow: bool) -> None:
        """Adds a photo that has been decoded."""
        self._waiting.append(b"%d %d %d %s\n" % (size, time, by_pillow, self._name(path)))
        if len(self._waiting) >= WRITTEN_AT_ONCE:
            self._write()

    def _name(self, path: str) -> bytes:
        relative = os.path.relpath(os.path.abspath(path), self._folder)
        return os.fsencode(relative).replace(b"\n", b"/\0")  # a line a photo; no name has this in it

    def _write(self) -> None:
        if self._file:
            try:
                # one write of whole lines: another run may be adding to the list as well
                self._file.write(b"".join(self._waiting))
            except OSError:
                self._file = None  # a full disk; this run goes on without the list
        self._waiting = []

    def __enter__(self) -> DecodedList:
        for place in self._places:
            try:
                if place is self._places[-1]:
                    place.parent.mkdir(parents=True, exist_ok=True)
                self._file = open(place, "ab", buffering=0)
                if self._file.tell() and not _ends_a_line(place):
                    self._file.write(b"\n")  # a killed machine cut the last line short
                break
            except OSError:
                continue
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write()
        if self._file:
            self._file.close()


def _ends_a_line(place: Path) -> bool:
    with open(place, "rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"
