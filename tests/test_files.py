"""Files are whole or not there, and a killed attempt leaves nothing that stays."""

from __future__ import annotations

import os

import pytest

from aesthkeras.files import replace_file


def test_content_replaces_what_was_there_and_nothing_else_remains(tmp_path):
    path = tmp_path / "file.json"
    path.write_bytes(b"old")
    (tmp_path / ".file.json.aside").write_bytes(b"half of what a killed attempt wr")
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["file.json"]


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file.json"
    path.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file.json"]
