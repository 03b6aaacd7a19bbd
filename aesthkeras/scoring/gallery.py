"""A page of scored photos, on which to look, compare and decide; its own files are in `gallery_page`.

What filters and orders need of every photo is loaded at once. Thumbnails and heat maps are loaded in chunks,
when they come into sight. With up to `EMBEDDED` photos all of this is inside the page; with more it is in a
folder beside the page. Neither this code nor the browser holds all pictures in memory.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from urllib.parse import quote

from aesthkeras.files import replace_file_by_parts
from aesthkeras.monitoring.progress import counted
from aesthkeras.photos.reading import WITHOUT_BARS
from aesthkeras.scoring.rows import Row
from aesthkeras.templates import load_template

EMBEDDED = 1000
CHUNK = 100  # photos
SIDE_FOLDER = "{name}_files"
CARDS_INDEX = "index.js"


@dataclass(frozen=True)
class About:
    """What the page says of its photos as a whole.

    Attributes:
        title: its heading.
        photos: how many rows there are.
        unreadable: how many of them are errors.
        square: edge of the square that the network sees, in pixels of the resized photo.
        model: what the scorer is called.
        crops: squares that were averaged.
    """

    title: str
    photos: int
    unreadable: int
    square: int
    model: str
    crops: int


def write_gallery(out: Path, rows: Iterable[Row], about: About) -> None:
    """Write the page and, for many photos, the folder beside it. Each is whole or not there.

    Args:
        out: the page's file.
        rows: best first, read once.
        about: what the page says of them as a whole.

    Raises:
        OSError: it cannot be written.
    """
    chunks = _chunks(rows, out.parent)
    side = out.with_name(SIDE_FOLDER.format(name=out.stem))
    here = quote(os.fsencode(os.path.relpath(".", out.parent)) + b"/")  # where relative paths are to be read
    if about.photos <= EMBEDDED:
        scripts = (f"<script>{index}{details}</script>\n" for index, details in chunks)
        replace_file_by_parts(out, _page(about, scripts, "", here))
        return
    aside = side.with_name(f".{side.name}.aside")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    replace_file_by_parts(aside / CARDS_INDEX, _indices(chunks, aside))
    shutil.rmtree(side, ignore_errors=True)
    os.rename(aside, side)
    loaded = [f'<script src="{quote(side.name)}/{CARDS_INDEX}"></script>\n']
    replace_file_by_parts(out, _page(about, loaded, quote(side.name), here))


def _page(about: About, scripts: Iterable[str], side: str, here: str) -> Iterator[bytes]:
    template = load_template("aesthkeras.scoring", "gallery_page/page.html")
    constants = {"side": side, "here": here, "chunk": CHUNK}
    for part in template.generate(about=about, scripts=scripts, counted=counted, **constants):
        yield part.encode("utf-8", "replace")


def _indices(chunks: Iterable[tuple[str, str]], folder: Path) -> Iterator[bytes]:
    """Write the pictures of each chunk into a file of their own, and yield the lines of the index."""
    for number, (index, details) in enumerate(chunks):
        replace_file_by_parts(folder / f"{number}.js", [details.encode()])
        yield index.encode() + b"\n"


def _chunks(rows: Iterable[Row], folder: Path) -> Iterator[tuple[str, str]]:
    """Two JavaScript calls for each `CHUNK` of rows: what filters and orders need, and what is shown."""
    rows = iter(rows)
    number = 0
    while chunk := list(islice(rows, CHUNK)):
        index = [_entry(row) for row in chunk]
        details = [_details(row, folder) for row in chunk]
        yield _call("index", number, index), _call("details", number, details)
        number += 1


def _entry(row: Row) -> Sequence[object]:
    """What `index` in `data.js` takes of a photo. Bytes of its path that are no UTF-8 are lone surrogates."""
    path = os.fsencode(row.path).decode("utf-8", "surrogateescape")
    judged = [path, _rounded(row.score), next(iter(row.faults), ""), _rounded(row.rating)]
    return [*judged, row.taken, row.width, row.height, row.group, row.best_of_group]


def _details(row: Row, folder: Path) -> Mapping[str, object]:
    if row.error:
        return {"error": row.error}
    height, width = row.shape
    file = quote(os.fsencode(os.path.relpath(row.path, folder)))
    return {
        "thumbnail": base64.b64encode(row.thumbnail).decode(),
        "heat": base64.b64encode(row.heat).decode(),
        "height": height,
        "width": width,
        "faults": [[words, _rounded(probability)] for words, probability in row.faults.items()],
        "file": file,
        # with its bars the photo would not fit the shape, nor the heat map, of what was scored
        "shown": "" if WITHOUT_BARS in row.read_as else file,
        "readAs": row.read_as,
    }


def _call(function: str, number: int, values: Sequence[object]) -> str:
    # a path may hold "</script>"
    text = json.dumps(values, separators=(",", ":")).replace("<", "\\u003c")
    return f"{function}({number},{text});"


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 4)
