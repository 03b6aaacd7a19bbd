from __future__ import annotations

import builtins
import os

import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.decoding.refusal import RAW
from aesthkeras.photos.photo_files import (
    MAX_FILE_BYTES,
    FirstLook,
    file_size,
    look_at,
    needs_more_formats,
    photo_decoder,
    refusal_reason,
)


def test_readable_file(tmp_path):
    (tmp_path / "a b é.jpg").write_bytes(b"12345")
    assert file_size(str(tmp_path / "a b é.jpg")) == 5
    assert look_at(str(tmp_path / "a b é.jpg")) == FirstLook()


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
        found = look_at(f"{tmp_path}/{name}").refusal
        of_python_3_13 = reason.replace("embedded null byte", "stat: embedded null character in path")
        assert found in (reason, of_python_3_13), name


def test_permission_denied(tmp_path, monkeypatch):
    (tmp_path / "a.jpg").write_bytes(b"12345")

    def denied(path, *arguments, **options):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(builtins, "open", denied)
    assert look_at(str(tmp_path / "a.jpg")).refusal == "cannot be read: Permission denied"


def test_the_decoder_follows_from_the_first_bytes_and_not_from_the_name(photo, tmp_path):
    photo.save(tmp_path / "a.webp", "JPEG")
    photo.save(tmp_path / "b.jpg", "WEBP", lossless=True)
    names = [str(tmp_path / name) for name in ("a.webp", "b.jpg")]
    assert [needs_more_formats(name) for name in names] == [False, True]
    pixels = photo_decoder(True)(tf.io.read_file(names[1]), tf.constant(""))
    np.testing.assert_array_equal(pixels, photo)
    with pytest.raises(tf.errors.InvalidArgumentError):
        photo_decoder(False)(tf.io.read_file(names[1]), tf.constant(""))


def test_a_photo_that_can_be_decoded_by_now_says_so(photo, tmp_path):
    photo.save(tmp_path / "a.jpg")
    assert refusal_reason(str(tmp_path / "a.jpg")) == "could not be read at the first attempt"


@pytest.mark.parametrize("name", ["a.nef", "b.CR2", "c.dng", "d.ARW", "e.orf", "f.rw2", "g.raf", "h.cr3"])
def test_a_raw_file_is_refused_by_its_name_where_it_may_begin_with_a_preview(name, photo, tmp_path):
    photo.save(tmp_path / "preview.tif")
    contents = (tmp_path / "preview.tif").read_bytes()
    heads = {
        "e.orf": b"IIRO",
        "f.rw2": b"IIU\0",
        "g.raf": b"FUJIFILMCCD-RAW ",
        "h.cr3": b"\0\0\0\x18ftypcrx ",
    }
    head = heads.get(name, b"")
    (tmp_path / name).write_bytes(head + contents[len(head) :])
    path = str(tmp_path / name)
    assert look_at(path).refusal == RAW and refusal_reason(path) == RAW
    assert not needs_more_formats(path)


def test_a_jpeg_of_a_raw_files_name_is_a_jpeg(photo, tmp_path):
    photo.save(tmp_path / "a.nef", "JPEG")
    assert look_at(str(tmp_path / "a.nef")) == FirstLook()
