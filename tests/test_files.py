"""Files are whole or not there, and a killed attempt leaves nothing that stays."""

from __future__ import annotations

import errno
import fcntl
import os

import pytest

from aesthkeras.files import lock_folder, replace_file


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


def test_a_folder_is_locked_for_one(tmp_path):
    with lock_folder(tmp_path), pytest.raises(BlockingIOError):
        lock_folder(tmp_path, seconds=0.2)
    lock_folder(tmp_path).close()


@pytest.mark.parametrize(
    "code",
    ["ENOSYS", "ENOLCK", "EOPNOTSUPP", "EINVAL", "EACCES", "EPERM", "EBADF", "EIO", "ESTALE", "ENOTTY"],
)
def test_a_file_system_without_locks_gives_none(tmp_path, monkeypatch, code):
    # stands in for Lustre and NFS: it cannot see what else such a file system does
    def no_locks(*_: object) -> None:
        raise OSError(getattr(errno, code), os.strerror(getattr(errno, code)))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    assert lock_folder(tmp_path) is None
