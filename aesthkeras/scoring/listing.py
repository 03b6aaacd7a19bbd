"""Which photos a command line means: files, folders, patterns, and lists on standard input."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from aesthkeras.data.sources import PHOTO_SUFFIXES, photos_in_folder
from aesthkeras.errors import UsageError

STANDARD_INPUT = "-"


class Listed(NamedTuple):
    """A file to score; sorting makes the order of the rows: as named, in a folder or pattern by path.

    Attributes:
        argument: which argument named it, from 0.
        line: which line of the list, from 0; 0 for a folder and a pattern.
        path: as it was named, or below the folder that was named.
    """

    argument: int
    line: int
    path: str


def list_photos(arguments: Sequence[str], standard_input: Iterable[str]) -> Iterator[Listed]:
    """Check the arguments, and return an iterator over every file they mean, in no order, some perhaps twice.

    A folder means the photos in it and below it, by their suffixes. A file means itself whatever its suffix,
    and so does each line of a list, even where there is no such file: reading it later fails, and its row
    says so. A pattern means what it matches, as it would in a shell; `**` goes through folders.

    Args:
        arguments: paths, patterns, and `-` for standard input.
        standard_input: lines with one path each.

    Raises:
        UsageError: an argument that names nothing, or a folder without photos.
    """
    for argument in arguments:
        if argument != STANDARD_INPUT and not os.path.lexists(argument) and not glob.has_magic(argument):
            raise UsageError(f"{argument}: no such file or folder; expected photos, folders, patterns or -")
    return _listed(arguments, standard_input)


def _listed(arguments: Sequence[str], standard_input: Iterable[str]) -> Iterator[Listed]:
    for number, argument in enumerate(arguments):
        if argument == STANDARD_INPUT:
            lines = (line.rstrip("\r\n") for line in standard_input)
            named: Iterable[str] = (line for line in lines if line.strip())
        elif os.path.lexists(argument):
            named = [argument]
        else:
            named = _matches(argument)
        for place, path in enumerate(named):
            line = place if argument == STANDARD_INPUT else 0
            if os.path.isdir(path):
                yield from (Listed(number, line, photo) for photo in _in_folder(path))
            else:
                yield Listed(number, line, path)


def _matches(pattern: str) -> Iterator[str]:
    is_empty = True
    for path in glob.iglob(pattern, recursive=True):
        # of `**` a folder's photos come by themselves, and by their own names
        if "**" not in pattern or not os.path.isdir(path):
            is_empty = False
            yield path
    if is_empty:
        raise UsageError(f"{pattern}: matches no file; expected photos, folders, patterns or -")


def _in_folder(folder: str) -> Iterator[str]:
    is_empty = True
    for path in photos_in_folder(folder, folder):
        is_empty = False
        yield path
    if is_empty:
        raise UsageError(f"{folder}: no photos in this folder; expected names in {' '.join(PHOTO_SUFFIXES)}")
