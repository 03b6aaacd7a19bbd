"""The rows of an output that is not finished, in a small database beside it, so that a killed run goes on.

Neither the list of photos nor the rows have to fit in memory, and SQLite also sorts them. The database is
deleted when the output is finished.
"""

from __future__ import annotations

import errno
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from aesthkeras.errors import UsageError
from aesthkeras.files import has_record_locks
from aesthkeras.monitoring.progress import say
from aesthkeras.scoring.listing import Listed, file_of
from aesthkeras.scoring.rows import Row

# A row of an earlier attempt is kept as long as size and time of its photo are the same.
_SCORES = """CREATE TABLE IF NOT EXISTS scores (
    path BLOB PRIMARY KEY, bytes INTEGER, modified INTEGER, score REAL, rating REAL, faults TEXT, error TEXT,
    shape_height INTEGER, shape_width INTEGER, thumbnail BLOB, heat BLOB, width INTEGER, height INTEGER,
    taken TEXT, camera TEXT, read_as TEXT, perceptual INTEGER)"""
_LISTED = """CREATE TEMP TABLE listed (
    argument INTEGER, line INTEGER, path BLOB UNIQUE, file BLOB, bytes INTEGER, modified INTEGER)"""
_PHOTOS = "CREATE TEMP TABLE photos (path BLOB UNIQUE, file BLOB UNIQUE, bytes INTEGER, modified INTEGER)"
# of the spellings of a file the one that was named first
_IN_ORDER = """INSERT OR IGNORE INTO photos
    SELECT path, file, bytes, modified FROM listed ORDER BY argument, line, path"""
_WAITING = """SELECT photos.rowid, path FROM photos LEFT JOIN scores USING (path, bytes, modified)
    WHERE photos.rowid > ? AND scores.rowid IS NULL ORDER BY photos.rowid LIMIT ?"""
_GROUPED = "CREATE TEMP TABLE IF NOT EXISTS grouped (place INTEGER PRIMARY KEY, name TEXT, is_best INTEGER)"
_SCENES = """SELECT scores.rowid, perceptual, taken, camera, score FROM photos
    JOIN scores USING (path, bytes, modified) WHERE error = '' ORDER BY photos.rowid"""
_ROWS = """SELECT path, score, rating, faults, error, shape_height, shape_width, thumbnail, heat,
    width, height, taken, name, is_best, camera, read_as, perceptual
    FROM ordered CROSS JOIN scores ON scores.rowid = ordered.place
    LEFT JOIN grouped ON grouped.place = ordered.place ORDER BY ordered.rowid"""
_SIGN = 2**64  # SQLite's whole numbers have a sign, hashes have none
_COUNT = """SELECT COUNT(*), COALESCE(SUM(error != ''), 0)
    FROM photos JOIN scores USING (path, bytes, modified)"""
_ORDERS = {
    "as listed": "photos.rowid",
    "best first": "score IS NULL, score DESC, photos.rowid",
}


class Counts(NamedTuple):
    """Photos that are listed, those of them that have a row, and those whose row is an error."""

    listed: int
    done: int
    unreadable: int


class ScoreStore:
    """The rows of one output. A context manager: it closes the database and keeps it for the next attempt.

    Args:
        out: the file to be made; the database is hidden beside it. None keeps it in a temporary file.
        made_by: everything that decides the scores; rows that were made by something else, or by a version
            that kept other facts, are dropped.

    Raises:
        UsageError: the folder of `out` cannot be written, or another process is making the same file.
    """

    def __init__(self, out: Path | None, made_by: str) -> None:
        self._path = out.with_name(f".{out.name}.scores") if out else None
        try:
            self._begin(made_by)
        except (sqlite3.OperationalError, OSError) as error:
            if "locked" in str(error):
                raise UsageError(f"out={out}: another process is writing it") from error
            reason = getattr(error, "strerror", None) or error
            raise UsageError(f"out={out}: expected a place to write to ({reason})") from error
        except sqlite3.DatabaseError:
            if self._path:
                self._path.unlink()  # damaged: all photos are scored again
            self._begin(made_by)

    def _begin(self, made_by: str) -> None:
        """Opens the database, without locks where the file system has none, as Lustre and some NFS."""
        try:
            self._open(made_by)
        except sqlite3.OperationalError:
            if self._path is None or not self._path.is_file() or has_record_locks(self._path):
                raise
            say(f"{self._path.parent}: this file system has no locks; let no second process write there")
            self._open(made_by, "?nolock=1")

    def _open(self, made_by: str, options: str = "") -> None:
        # "" is SQLite's name for a temporary file; a URI can hold names that are no UTF-8
        name = self._path.absolute().as_uri() + options if self._path else ""
        self._database = sqlite3.connect(name, timeout=1, isolation_level=None, uri=True)
        self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
        # A killed process loses nothing that was committed; after a power failure all may be scored again.
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("BEGIN IMMEDIATE")
        self._database.execute("CREATE TABLE IF NOT EXISTS made (by TEXT)")
        made = f"{made_by} {_SCORES}"
        if self._database.execute("SELECT by FROM made").fetchall() != [(made,)]:
            self._database.execute("DROP TABLE IF EXISTS scores")
            self._database.execute("DELETE FROM made")
            self._database.execute("INSERT INTO made VALUES (?)", (made,))
        self._database.execute(_SCORES)
        self._database.execute(_GROUPED)
        self._database.execute("COMMIT")

    def put_in_order(self, photos: Iterable[Listed]) -> None:
        """Record the photos, each file once and as it was named first, in the order of `Listed`."""
        with self._writing():
            self._database.execute(_LISTED)
            self._database.executemany(
                "INSERT OR IGNORE INTO listed VALUES (?, ?, ?, ?, ?, ?)",
                (
                    (place, line, os.fsencode(path), os.fsencode(file_of(path)), *_state(path))
                    for place, line, path in photos
                ),
            )
            self._database.execute(_PHOTOS)
            self._database.execute(_IN_ORDER)
            self._database.execute("DROP TABLE listed")

    def count(self) -> Counts:
        """How many photos are listed, and how many of them are done."""
        (listed,) = self._database.execute("SELECT COUNT(*) FROM photos").fetchone()
        done, unreadable = self._database.execute(_COUNT).fetchone()
        return Counts(listed, done, unreadable)

    def waiting(self, at_once: int) -> Iterator[list[str]]:
        """Yield the paths of listed photos that have no row yet, in order, so many at a time."""
        last = 0
        while True:
            found = self._database.execute(_WAITING, (last, at_once)).fetchall()
            if not found:
                return
            last = found[-1][0]
            yield [os.fsdecode(path) for _, path in found]

    def add(self, rows: Iterable[Row]) -> None:
        """Store rows of listed photos."""
        with self._writing():
            self._database.executemany(
                """INSERT OR REPLACE INTO scores
                SELECT path, bytes, modified, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
                FROM photos WHERE path = ?""",
                (
                    (
                        row.score,
                        row.rating,
                        json.dumps(row.faults),
                        row.error,
                        *row.shape,
                        row.thumbnail,
                        row.heat,
                        row.width,
                        row.height,
                        row.taken,
                        row.camera,
                        row.read_as,
                        row.perceptual - (_SIGN if row.perceptual >= _SIGN // 2 else 0),
                        os.fsencode(row.path),
                    )
                    for row in rows
                ),
            )

    def rows(self, order: str = "as listed") -> Iterator[Row]:
        """Yield every row, `as listed` or `best first` with the unreadable ones last."""
        # Only row numbers are sorted, not thumbnails.
        with self._writing():
            self._database.execute("DROP TABLE IF EXISTS temp.ordered")
            self._database.execute(
                f"""CREATE TEMP TABLE ordered AS SELECT scores.rowid AS place
                FROM photos JOIN scores USING (path, bytes, modified) ORDER BY {_ORDERS[order]}"""
            )
        found = self._database.execute(_ROWS)
        for path, score, rating, faults, error, rows, columns, thumbnail, heat, *facts in found:
            width, height, taken, group, is_best, camera, read_as, perceptual = facts
            yield Row(
                os.fsdecode(path),
                score,
                rating,
                json.loads(faults),
                error,
                (rows, columns),
                thumbnail,
                heat,
                width,
                height,
                taken,
                group or "",
                bool(is_best),
                camera,
                read_as,
                perceptual % _SIGN,
            )

    def scenes(self) -> Iterator[tuple[int, int, str, str, float]]:
        """Yield place, hash, time, camera and score of each photo that was read, as listed."""
        for place, perceptual, *rest in self._database.execute(_SCENES):
            yield place, perceptual % _SIGN, *rest

    def put_in_groups(self, groups: Iterable[tuple[int, str, bool]]) -> None:
        """Record place, name of the group, and whether it is the best, of each photo that has a group."""
        with self._writing():
            self._database.execute("DELETE FROM grouped")
            self._database.executemany("INSERT INTO grouped VALUES (?, ?, ?)", groups)

    def delete(self) -> None:
        """Close the database and delete it: the output is finished."""
        self._database.close()
        if self._path:
            self._path.unlink(missing_ok=True)
            # SQLite leaves the journal of a killed process beside the database, though nothing is in it.
            self._path.with_name(f"{self._path.name}-journal").unlink(missing_ok=True)

    def __enter__(self) -> ScoreStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction; a full disk is the OSError that it is elsewhere."""
        self._database.execute("BEGIN")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException as error:
            with suppress(sqlite3.Error):
                self._database.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError) and "full" in str(error):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path)) from error
            raise


def _state(path: str) -> tuple[int, int]:
    """Size in bytes and time of the last change in nanoseconds; -1 and 0 where there is no such file."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):  # ValueError: a NUL in a list
        return -1, 0
    return status.st_size, status.st_mtime_ns
