"""Text files that list photos, and the folders in which the listed photos should lie."""

from __future__ import annotations

import math
import os
import unicodedata
from collections.abc import Iterator

from aesthkeras import storage
from aesthkeras.errors import UsageError


def require_folder(data_dir: str, expected: str) -> None:
    """Raises `UsageError` unless `data_dir` is a folder; `expected` says what it should hold."""
    storage.connect(data_dir, "data_dir")
    if not storage.is_folder(data_dir):
        what = "is a file" if storage.exists(data_dir) else "no such folder"
        raise UsageError(f"data_dir={data_dir}: {what}; expected {expected}")


def require_file(path: str, expected: str) -> None:
    """Raises `UsageError` unless `path` is a file; `expected` says what it should belong to."""
    if storage.file_bytes(path) < 0:
        raise UsageError(f"{path}: no such file; expected {expected}")


def first_folder(data_dir: str, names: tuple[str, ...], holds: str) -> str:
    """The first of `data_dir/name` that has an entry `holds`; `data_dir` itself where none has it."""
    for name in names:
        folder = os.path.join(data_dir, name) if name else data_dir
        if storage.exists(os.path.join(folder, holds)):
            return folder
    return data_dir


def lines(path: str, expected: str) -> Iterator[tuple[int, str]]:
    """Number and text of each line that is not blank, without its line end, whichever system wrote it.

    A byte order mark is skipped.

    Raises:
        UsageError: no such file, or not UTF-8 text.
    """
    try:
        # surrogateescape finds the line that is not UTF-8; decoding strictly would only give a byte offset
        with storage.read_text(path) as file:
            for number, line in enumerate(file, 1):
                if not line.isascii():
                    _require_text(line, path, number)
                if line.strip():
                    yield number, line.rstrip("\n")
    except OSError as error:
        raise UsageError(f"{path}: expected {expected}: {error.strerror or error}") from error


def _require_text(line: str, path: str, number: int) -> None:
    try:
        line.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{path}:{number}: expected UTF-8 text; save the file as UTF-8") from None


def score_in_range(text: str, low: float, high: float, where: str) -> float:
    """Returns the score in `text`.

    Raises:
        UsageError: not a number, or outside [low, high]; `where` is the file and line it names.
    """
    try:
        score = float(text)
    except ValueError:
        score = math.nan
    if math.isnan(score) or math.isinf(score):
        raise UsageError(f"{where}: score {text!r} is not a number")
    if not low <= score <= high:
        raise UsageError(f"{where}: score {text} is outside the range from {low:g} to {high:g}")
    return score


def count(text: str, where: str) -> int:
    """Returns the rating count in `text`; raises `UsageError`, naming `where`, unless a whole number >= 0."""
    whole, _, fraction = text.partition(".")  # a column of whole numbers with a gap is often written as 3.0
    if not (whole.isascii() and whole.isdigit()) or fraction.strip("0"):
        raise UsageError(f"{where}: rating count {text!r} is not a whole number of 0 or more")
    return int(whole)


def relative(path: str, folder: str) -> str:
    """The rest of a path that starts with `folder`, with `/` between its parts on every system."""
    return path[len(folder) :].replace(os.sep, "/").lstrip("/")  # os.path.relpath takes 10 s for a million


def printable(name: str) -> str:
    r"""`name` as text that any file can hold: bytes of a file name that are no UTF-8 become `\xe9`."""
    return name if name.isascii() else os.fsencode(name).decode("utf-8", "backslashreplace")


class Folders:
    """Finds listed files by name; each folder is read once, instead of asking the disk for each file."""

    def __init__(self) -> None:
        self._names: dict[str, set[str]] = {}
        self._spellings: dict[str, dict[str, list[str]]] = {}

    def find(self, path: str) -> str | None:
        """Returns the path of the file that `path` names, None where there is none.

        Lists written on another system may differ from the disk in upper and lower case or in how an accent
        is encoded. If such a name fits one file only, it is taken for that file.
        """
        folder, name = os.path.split(path)
        names = self.names(folder)
        if name in names:
            return path
        if folder not in self._spellings:
            spellings: dict[str, list[str]] = {}
            for other in names:
                spellings.setdefault(_spelling(other), []).append(other)
            self._spellings[folder] = spellings
        alike = self._spellings[folder].get(_spelling(name), [])
        return os.path.join(folder, alike[0]) if len(alike) == 1 else None

    def names(self, folder: str) -> set[str]:
        """The names in `folder`; none where it cannot be read."""
        if folder not in self._names:
            if storage.is_remote(folder):
                self._names[folder] = set(next(storage.walk(folder), ("", [], []))[2])
                return self._names[folder]
            try:
                with os.scandir(folder or ".") as entries:
                    self._names[folder] = {
                        entry.name for entry in entries if not entry.is_dir(follow_symlinks=False)
                    }
            except OSError:
                self._names[folder] = set()
        return self._names[folder]


def _spelling(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def require_most(found: int, listed: int, list_path: str, folder: str) -> None:
    """Raises `UsageError` where fewer than half of the listed photos exist: then something is mixed up."""
    if found * 2 < listed:
        raise UsageError(
            f"{list_path}: lists {listed} photos, {found} of them exist under {folder}; "
            "expected at least half: is the download complete and in its place?"
        )
