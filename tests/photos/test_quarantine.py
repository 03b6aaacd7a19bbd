from __future__ import annotations

import builtins
import csv
import os

import pytest

from aesthkeras.photos.quarantine import MAX_FILE_BYTES, file_size, unreadable_reason, write_quarantine


def test_readable_file(tmp_path):
    (tmp_path / "a b é.jpg").write_bytes(b"12345")
    assert file_size(str(tmp_path / "a b é.jpg")) == 5
    assert unreadable_reason(str(tmp_path / "a b é.jpg")) is None


def test_what_is_no_readable_file_has_a_reason(tmp_path):
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "folder.jpg").mkdir()
    os.symlink("nowhere", tmp_path / "broken.jpg")
    os.symlink("circle.jpg", tmp_path / "circle.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    with open(tmp_path / "huge.jpg", "wb") as huge:
        huge.truncate(MAX_FILE_BYTES + 1)  # takes no space
    expected = {
        "empty.jpg": (0, "the file is empty"),
        "folder.jpg": (-1, "a folder, not a file"),
        "broken.jpg": (-1, "a link to nothing"),
        "missing.jpg": (-1, "no such file"),
        "circle.jpg": (-1, "cannot be read: Too many levels of symbolic links"),
        "pipe.jpg": (-1, "a pipe, socket or device, not a file"),
        "huge.jpg": (2**30 + 1, "the file has 1073741825 bytes, more than the limit of 1073741824"),
        "a\0b.jpg": (-1, "cannot be read: embedded null byte"),
    }
    for name, (size, reason) in expected.items():
        assert file_size(f"{tmp_path}/{name}") == size, name
        assert unreadable_reason(f"{tmp_path}/{name}") == reason, name


def test_permission_denied(tmp_path, monkeypatch):
    (tmp_path / "a.jpg").write_bytes(b"12345")

    def denied(path, *arguments, **options):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(builtins, "open", denied)
    assert unreadable_reason(str(tmp_path / "a.jpg")) == "cannot be read: Permission denied"


def test_list_holds_any_name_and_replaces_the_old_one_whole(tmp_path):
    rows = [
        ("a, b.jpg", 'says "no"'),
        ("two\nlines.jpg", "no such file"),
        ("é 写真.jpg", "the file is empty"),
    ]
    path = str(tmp_path / "quarantine.csv")
    write_quarantine(path, rows)
    with open(path, encoding="utf-8", newline="") as lines:
        assert list(csv.reader(lines)) == [["path", "reason"], *(list(row) for row in rows)]

    def fails():
        yield ("a.jpg", "b")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_quarantine(path, fails())
    with open(path, encoding="utf-8", newline="") as lines:
        assert len(list(csv.reader(lines))) == 4
    assert os.listdir(tmp_path) == ["quarantine.csv"]
