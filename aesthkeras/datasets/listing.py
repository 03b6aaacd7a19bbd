"""Text files that list photos, and the folders in which the listed photos should lie."""

from __future__ import annotations

import math
import os
import re
import unicodedata
from collections.abc import Iterator

from aesthkeras import storage
from aesthkeras.errors import UsageError

MOST_RATERS = 12  # digits: counts stay exact, and no text is turned into a number without end
DEPTH = 3  # levels of folders that mirrors of a data set wrap around its parts
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")


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
                if "\0" in line or not line.isascii():
                    _require_text(line, path, number)
                if line.strip():
                    yield number, line.rstrip("\n")
    except OSError as error:
        raise UsageError(f"{path}: expected {expected}: {error.strerror or error}") from error


def _require_text(line: str, path: str, number: int) -> None:
    # UTF-16 without a mark is valid UTF-8 with zeros in it
    is_text = "\0" not in line
    try:
        line.encode()
    except UnicodeEncodeError:
        is_text = False
    if not is_text:
        raise UsageError(f"{path}:{number}: expected UTF-8 text; save the file as UTF-8")


def score_in_range(text: str, low: float, high: float, where: str) -> float:
    """Returns the score in `text`.

    Raises:
        UsageError: not a number, or outside [low, high]; `where` is the file and line it names.
    """
    try:
        score = math.nan if "_" in text else float(text)  # Python would read 1_000
    except ValueError:
        score = math.nan
    if not math.isfinite(score):
        hint = "; expected a decimal point, as in 3.5" if DECIMAL_COMMA.fullmatch(text.strip()) else ""
        raise UsageError(f"{where}: score '{quoted(text)}' is not a number{hint}")
    if not low <= score <= high:
        raise UsageError(f"{where}: score {quoted(text)} is outside the range from {low:g} to {high:g}")
    return score


def count(text: str, where: str, name: str = "rating count") -> int:
    """Returns the rating count in `text`: a whole number of 0 or more, of 12 digits at most.

    Raises:
        UsageError: it is something else; `where` is the file and line, `name` the column that it names.
    """
    whole, _, fraction = text.partition(".")  # a column of whole numbers with a gap is often written as 3.0
    is_whole = whole.isascii() and whole.isdigit() and not fraction.strip("0")
    if not is_whole or len(whole.lstrip("0")) > MOST_RATERS:
        raise UsageError(f"{where}: {name} '{quoted(text)}' is not a whole number of 0 or more")
    return int(whole.lstrip("0") or "0")


def relative(path: str, folder: str) -> str:
    """The rest of a path that starts with `folder`, with `/` between its parts on every system."""
    return path[len(folder) :].replace(os.sep, "/").lstrip("/")  # os.path.relpath takes 10 s for a million


def quoted(text: str, longest: int = 200) -> str:
    """A text of somebody's file as a message shows it: in one line, cut, with what cannot be seen escaped."""
    seen = text if text.isprintable() else repr(text)[1:-1]
    return seen if len(seen) <= longest else f"{seen[:longest]}..."


class Folders:
    """Finds listed files by name; each folder is read once, instead of asking the disk for each file."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[set[str], list[str]]] = {}
        self._spellings: dict[str, dict[str, list[str]]] = {}
        self._real: dict[str, str] = {}

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

    def identity(self, path: str) -> str:
        """What is the same for every spelling of a file's path, as `a.jpg`, `./a.jpg` and an absolute one."""
        folder, name = os.path.split(path)
        if folder not in self._real:
            self._real[folder] = folder if storage.is_remote(folder) else os.path.realpath(folder)
        return os.path.join(self._real[folder], name)

    def names(self, folder: str) -> set[str]:
        """The names of the files in `folder`; none where it cannot be read."""
        return self._read(folder)[0]

    def inner(self, folder: str) -> list[str]:
        """The names of the folders in `folder`, sorted and without the hidden ones."""
        return self._read(folder)[1]

    def below(self, folder: str) -> list[str]:
        """`folder` and what is in it, three levels down: the upper folders first, then by name."""
        found = level = [folder]
        for _ in range(DEPTH):
            level = [os.path.join(outer, name) for outer in level for name in self.inner(outer)]
            found = found + level
        return found

    def search(self, folder: str, name: str) -> str | None:
        """Returns the uppermost file of this name in `folder` or `below` it; None where there is none."""
        found = (self.find(os.path.join(place, name)) for place in self.below(folder))
        return next((path for path in found if path), None)

    def _read(self, folder: str) -> tuple[set[str], list[str]]:
        """The names of its files, and the sorted names of the folders in it that are not hidden."""
        if folder not in self._entries:
            if storage.is_remote(folder):
                _, inner, files = next(storage.walk(folder), ("", [], []))
            else:
                inner, files = _local_entries(folder)
            shown = sorted(name for name in inner if not name.startswith("."))
            self._entries[folder] = set(files), shown
        return self._entries[folder]


def _local_entries(folder: str) -> tuple[list[str], list[str]]:
    """The names of folders, links to folders included, and of files; none where it cannot be read."""
    inner: list[str] = []
    files: list[str] = []
    try:
        with os.scandir(folder or ".") as entries:
            for entry in entries:
                # asked for by its path, a link that leads to itself is no error
                is_folder = os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir()
                (inner if is_folder else files).append(entry.name)
    except OSError:
        return [], []
    return inner, files


def _spelling(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def require_most(found: int, listed: int, list_path: str, folder: str) -> None:
    """Raises `UsageError` where fewer than half of the listed photos exist: then something is mixed up."""
    if found * 2 < listed:
        raise UsageError(
            f"{list_path}: lists {listed} photos, {found} of them exist under {folder}; "
            "expected at least half: is the download complete and in its place?"
        )
