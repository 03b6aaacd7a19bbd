"""Which photos a command line means: files, folders, patterns, and lists on standard input."""

from __future__ import annotations

import codecs
import glob
import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple, TextIO

from aesthkeras.errors import UsageError
from aesthkeras.photos.skipped import RAW_SUFFIXES, Skipped, is_of_system, reads_raw_files
from aesthkeras.photos.sources import no_photos, photos_in_folder

STANDARD_INPUT = "-"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


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

    A folder means the photos in it and in its subfolders, by their suffixes, with raw files where their
    previews can be read; one line on stderr counts the pictures that cannot be read. A file means itself,
    whatever its suffix. A line of a list means a file or a folder; where there is no such file, or no
    photo in the folder, the line keeps its row and the row says why there is no score. A pattern means
    what it would match in a shell; `**` goes through folders.

    Args:
        arguments: paths, patterns, and `-` for standard input.
        standard_input: lines with one path each, in UTF-8 with or without a byte order mark, bytes
            underneath; None where it is closed.

    Raises:
        UsageError: an argument that names nothing, a folder or a pattern without photos, no standard input,
            or one in UTF-16.
    """
    for argument in arguments:
        if argument == STANDARD_INPUT:
            if standard_input is None:
                raise UsageError("-: standard input is closed; expected a list of photos on it")
        elif not os.path.lexists(argument) and not glob.has_magic(argument):
            raise UsageError(f"{argument}: no such file or folder; expected photos, folders, patterns or -")
    return _listed(arguments, standard_input)


def file_of(path: str) -> str:
    """The file that a path names, spelled in one way: `a.jpg`, `./a.jpg` and `/photos/a.jpg` are one file.

    Links among its folders are followed; a link in place of the file counts as another file.
    """
    folder, name = os.path.split(path)
    return os.path.join(_real_folder(os.path.join(os.getcwd(), folder)), name)


@lru_cache(maxsize=4096)
def _real_folder(folder: str) -> str:
    try:
        return os.path.realpath(folder)
    except ValueError:  # a NUL in a list
        return folder


def _listed(arguments: Sequence[str], standard_input: TextIO | None) -> Iterator[Listed]:
    skipped = Skipped(raw_previews=True)
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
    skipped.say("photos")


def _lines(standard_input: TextIO | None) -> Iterator[str]:
    if standard_input is None:
        return
    for number, line in enumerate(standard_input.buffer):
        if number == 0:
            if line.startswith(_UTF_16):
                raise UsageError("-: the list is in UTF-16; expected UTF-8, one path a line")
            line = line.removeprefix(codecs.BOM_UTF8)
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
        yield from photos_in_folder(path, path, skipped, RAW_SUFFIXES if reads_raw_files() else ())
    else:
        yield path
