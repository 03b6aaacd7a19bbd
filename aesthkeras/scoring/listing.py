"""Which photos a command line means: files, folders, patterns, and lists on standard input."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TextIO

from aesthkeras.errors import UsageError
from aesthkeras.photos.skipped import Skipped, is_of_system
from aesthkeras.photos.sources import no_photos, photos_in_folder

STANDARD_INPUT = "-"


class Listed(NamedTuple):
    """A file to score. Sorted, they are in the order of the rows: as named; in a folder or pattern by path.

    Attributes:
        argument: which argument named it, from 0.
        line: which line of the list, from 0; 0 for a folder and a pattern.
        path: as it was named, or below the folder that was named.
    """

    argument: int
    line: int
    path: str


def list_photos(arguments: Sequence[str], standard_input: TextIO | None) -> Iterator[Listed]:
    """Check the arguments, and return an iterator over every file they mean, in no order, some perhaps twice.

    A folder means the photos in it and in its subfolders, by their suffixes; one line on stderr counts the
    pictures that cannot be read. A file means itself, whatever its suffix. A line of a list means a file or
    a folder; where there is no such file, or no photo in the folder, the line keeps its row and the row says
    why there is no score. A pattern means what it would match in a shell; `**` goes through folders.

    Args:
        arguments: paths, patterns, and `-` for standard input.
        standard_input: lines with one path each, bytes underneath; None where it is closed.

    Raises:
        UsageError: an argument that names nothing, a folder or a pattern without photos, or no standard
            input.
    """
    for argument in arguments:
        if argument == STANDARD_INPUT:
            if standard_input is None:
                raise UsageError("-: standard input is closed; expected a list of photos on it")
        elif not os.path.lexists(argument) and not glob.has_magic(argument):
            raise UsageError(f"{argument}: no such file or folder; expected photos, folders, patterns or -")
    return _listed(arguments, standard_input)


def _listed(arguments: Sequence[str], standard_input: TextIO | None) -> Iterator[Listed]:
    skipped = Skipped()
    for number, argument in enumerate(arguments):
        is_list = argument == STANDARD_INPUT
        names_nothing = not is_list
        for place, path in enumerate(_lines(standard_input) if is_list else _named(argument)):
            is_empty = True
            for photo in _photos_of(path, skipped):
                is_empty = names_nothing = False
                yield Listed(number, place if is_list else 0, photo)
            if is_empty and is_list:
                yield Listed(number, place, path)
        if names_nothing and os.path.lexists(argument):
            raise UsageError(f"{argument}: {no_photos(skipped)}")
        if names_nothing:
            raise UsageError(f"{argument}: matches no photo; expected photos, folders, patterns or -")
    skipped.say("score")


def _lines(standard_input: TextIO | None) -> Iterator[str]:
    if standard_input is not None:
        for line in standard_input.buffer:
            # a name that is not UTF-8 reaches the file system as the bytes it was
            path = os.fsdecode(line.rstrip(b"\r\n"))
            if path.strip():
                yield path


def _named(argument: str) -> Iterator[str]:
    if os.path.lexists(argument):
        yield argument
        return
    asked_for = set(argument.split(os.sep))
    for path in glob.iglob(argument, recursive=True):
        is_skipped = any(is_of_system(part) for part in set(path.split(os.sep)) - asked_for)
        # `**` also matches each photo in the folder
        if not is_skipped and ("**" not in argument or not os.path.isdir(path)):
            yield path


def _photos_of(path: str, skipped: Skipped) -> Iterator[str]:
    if os.path.isdir(path):
        yield from photos_in_folder(path, path, skipped)
    else:
        yield path
