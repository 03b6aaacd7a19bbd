"""Rows survive a kill, and only those that still hold."""

from __future__ import annotations

import os
import signal
import sqlite3

import pytest

from aesthkeras.errors import UsageError
from aesthkeras.scoring.grouping import group_rows
from aesthkeras.scoring.listing import Listed
from aesthkeras.scoring.rows import Row
from aesthkeras.scoring.store import ScoreStore


@pytest.fixture
def files(tmp_path) -> list[str]:
    (tmp_path / "photos").mkdir()
    made = [tmp_path / "photos" / f"{name}.jpg" for name in "abcde"]
    for path in made:
        path.write_text(path.name)
    return [str(path) for path in made]


def in_folder(paths) -> list[Listed]:
    return [Listed(0, 0, path) for path in paths]


def full_row(files) -> Row:
    facts = {"taken": "2026-05-01T12:30:59", "camera": "Make Model", "read_as": "HEIC"}
    sizes = {"shape": (3, 4), "width": 640, "height": 480, "perceptual": 2**64 - 5}
    return Row(files[3], 0.5, 3.5, {"blurred": 0.75}, thumbnail=b"jpeg", heat=b"png", **sizes, **facts)


def waiting(store: ScoreStore, at_once: int = 2) -> list[str]:
    return [path for paths in store.waiting(at_once) for path in paths]


def interrupted(out, files, made_by="one") -> None:
    """Two of five photos are scored, and the process ends."""
    with ScoreStore(out, made_by) as store:
        store.put_in_order(in_folder(files))
        store.add([Row(files[1], 0.25), full_row(files)])


def test_listed_once_in_order_and_then_as_named(tmp_path, files):
    named = [Listed(1, 0, files[0]), Listed(0, 0, files[3]), Listed(0, 0, files[2]), Listed(2, 0, files[3])]
    with ScoreStore(tmp_path / "out.csv", "one") as store:
        store.put_in_order(named)
        assert waiting(store) == [files[2], files[3], files[0]]
        assert store.count() == (3, 0, 0)


def test_a_file_has_one_row_whatever_its_spellings_and_the_first_is_kept(tmp_path, files, monkeypatch):
    monkeypatch.chdir(tmp_path / "photos")
    named = [Listed(2, 0, files[0]), Listed(0, 1, "./a.jpg"), Listed(1, 0, "a.jpg"), Listed(0, 0, "b.jpg")]
    with ScoreStore(tmp_path / "out.csv", "one") as store:
        store.put_in_order(named)
        assert waiting(store) == ["b.jpg", "./a.jpg"]
        store.add([Row("./a.jpg", 0.5), Row("b.jpg", 0.25)])
        assert [row.path for row in store.rows("best first")] == ["./a.jpg", "b.jpg"]
        assert store.count() == (2, 2, 0)


def test_goes_on_with_what_is_missing(tmp_path, files):
    interrupted(tmp_path / "out.csv", files)
    with ScoreStore(tmp_path / "out.csv", "one") as store:
        store.put_in_order(in_folder(files))
        assert store.count() == (5, 2, 0)
        assert waiting(store) == [files[0], files[2], files[4]]
        store.add([Row(files[0], error="text"), Row(files[2], 0.75), Row(files[4], 0.5)])
        assert waiting(store) == []
        assert store.count() == (5, 5, 1)
        assert [row.path for row in store.rows()] == files
        best = [row.path for row in store.rows("best first")]
        assert best == [files[2], files[3], files[4], files[1], files[0]]  # equals as listed, errors last
        assert list(store.rows())[3] == full_row(files)
        store.delete()
    assert os.listdir(tmp_path) == ["photos"]


def test_nothing_of_a_killed_process_is_left_beside_the_output(tmp_path, files):
    out, pid = tmp_path / "s.csv", os.fork()
    if not pid:
        store = ScoreStore(out, "one")
        store.put_in_order(in_folder(files))
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    assert len(list(tmp_path.glob(".s.csv*"))) == 2  # the database and its journal
    with ScoreStore(out, "one") as store:
        store.put_in_order(in_folder(files))
        store.delete()
    assert not list(tmp_path.glob(".s.csv*"))


def test_a_changed_photo_is_scored_again_and_one_that_is_no_longer_named_has_no_row(tmp_path, files):
    interrupted(tmp_path / "out.csv", files)
    with open(files[1], "a") as file:
        file.write("more")
    with ScoreStore(tmp_path / "out.csv", "one") as store:
        store.put_in_order(in_folder(files[:3]))
        assert waiting(store) == files[:3]
        assert list(store.rows()) == []


def test_scores_of_another_model_are_dropped(tmp_path, files):
    interrupted(tmp_path / "out.csv", files)
    with ScoreStore(tmp_path / "out.csv", "other") as store:
        store.put_in_order(in_folder(files))
        assert waiting(store) == files


def test_the_database_of_an_earlier_version_is_begun_anew(tmp_path, files):
    """As 0.1.0 left it: fewer columns, made by the same model."""
    with sqlite3.connect(tmp_path / ".out.csv.scores") as database:
        database.execute("CREATE TABLE scores (path BLOB PRIMARY KEY, bytes INTEGER, modified INTEGER)")
        database.execute("CREATE TABLE made (by TEXT)")
        database.execute("INSERT INTO made VALUES ('one')")
    database.close()
    interrupted(tmp_path / "out.csv", files)
    with ScoreStore(tmp_path / "out.csv", "one") as store:
        store.put_in_order(in_folder(files))
        assert waiting(store) == [files[0], files[2], files[4]]


def test_groups_are_numbered_as_listed_and_the_best_is_marked(tmp_path, files):
    hashes = [0b111, 2**63 | 0xFFF, 2**63 | 0xFFE, 0b110, 0xFF << 30]
    scores = [0.5, 0.2, 0.75, 0.5, 0.9]
    with ScoreStore(tmp_path / "out.csv", "one") as store:
        store.put_in_order(in_folder(files))
        store.add(
            Row(path, score, perceptual=value)
            for path, score, value in zip(files, scores, hashes, strict=True)
        )
        for _ in range(2):  # a command that goes on groups again
            group_rows(store)
        found = [(row.group, row.best_of_group) for row in store.rows()]
        assert found == [("1", True), ("2", False), ("2", True), ("1", False), ("", False)]


def test_what_cannot_be_read_is_in_no_group(tmp_path, files):
    with ScoreStore(tmp_path / "out.csv", "one") as store:
        store.put_in_order(in_folder(files))
        store.add(Row(path, error="no photo") for path in files)
        group_rows(store)
        assert {row.group for row in store.rows()} == {""}


def test_a_damaged_database_is_begun_anew(tmp_path, files):
    (tmp_path / ".out.csv.scores").write_bytes(b"not a database" * 99)
    interrupted(tmp_path / "out.csv", files)
    with ScoreStore(tmp_path / "out.csv", "one") as store:
        store.put_in_order(in_folder(files))
        assert len(waiting(store)) == 3


def test_two_processes_do_not_write_one_file(tmp_path):
    with ScoreStore(tmp_path / "out.csv", "one"), pytest.raises(UsageError, match="another process"):
        ScoreStore(tmp_path / "out.csv", "one")


def test_a_folder_that_is_not_there_is_a_mistake(tmp_path):
    with pytest.raises(UsageError, match="out=.*nowhere/out.csv: expected a place to write to"):
        ScoreStore(tmp_path / "nowhere" / "out.csv", "one")


def test_a_full_disk_is_an_os_error(tmp_path, files):
    with ScoreStore(tmp_path / "out.csv", "one") as store:
        store.put_in_order(in_folder(files))
        store._database.execute("PRAGMA max_page_count = 8")
        with pytest.raises(OSError, match="No space left on device"):
            store.add([Row(files[0], 0.5, thumbnail=bytes(100_000))])
        assert store.count().done == 0


def test_a_file_name_that_is_no_utf8_keeps_its_bytes(tmp_path):
    path = os.fsdecode(b"/photos/caf\xe9.jpg")
    with ScoreStore(None, "") as store:
        store.put_in_order([Listed(0, 0, path)])
        store.add([Row(path, error="no such file")])
        assert waiting(store) == []
        assert [row.path for row in store.rows()] == [path]
