"""Files on a store of either kind: what is there, what is not, what replaces what."""

from __future__ import annotations

import os

import pytest
import tensorflow as tf

from aesthkeras import storage
from aesthkeras.fsspec_store import fsspec_files
from aesthkeras.photos.contents import part_of_file, whole_file
from aesthkeras.photos.photo_files import decoding_error


@pytest.fixture
def store(scheme, request) -> str:
    root = f"{scheme}://{request.function.__name__}"
    storage.make_folder(root)
    return root


def test_what_was_written_is_there(store):
    storage.make_folder(f"{store}/deep")
    for content in (b"first", b"and again"):  # the second replaces the first
        storage.write_whole(f"{store}/deep/\u00dc b.txt", content)
    assert storage.read_whole(f"{store}/deep/\u00dc b.txt") == b"and again"
    assert storage.read_text(f"{store}/deep/\u00dc b.txt").read() == "and again"
    assert storage.file_bytes(f"{store}/deep/\u00dc b.txt") == 9
    assert list(storage.walk(f"{store}/")) == [(store, ["deep"], []), (f"{store}/deep", [], ["\u00dc b.txt"])]
    assert storage.is_folder(f"{store}/deep")
    assert storage.exists(f"{store}/deep")
    assert storage.file_bytes(f"{store}/deep") == -1


def test_what_is_not_there(store):
    gone = f"{store}/gone.txt"
    assert not storage.exists(gone)
    assert not storage.is_folder(gone)
    assert storage.file_bytes(gone) == -1
    storage.remove(gone)
    with pytest.raises(OSError, match="No such file"):
        storage.read_text(gone)
    with pytest.raises((OSError, tf.errors.OpError)):
        storage.read_whole(gone)


def test_a_file_of_this_machine_is_uploaded_and_removed(store, tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    storage.upload(str(tmp_path / "file"), f"{store}/file")
    assert storage.read_whole(f"{store}/file") == b"content"
    storage.remove(f"{store}/file")
    assert not storage.exists(f"{store}/file")


def test_a_graph_reads_a_file_and_a_part_of_it(store):
    path = f"{store}/file"
    storage.write_whole(path, b"0123456789")
    by_tensorflow = storage.tensorflow_opens(path)

    def read(offset: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        name, length, total = (
            tf.constant(os.fsencode(path)),
            tf.constant(3, tf.int64),
            tf.constant(10, tf.int64),
        )
        return whole_file(name, by_tensorflow), part_of_file(name, offset, length, total, by_tensorflow)

    offsets = tf.data.Dataset.from_tensor_slices(tf.constant([0, 5, 7], tf.int64))
    found = list(offsets.map(read, num_parallel_calls=2).as_numpy_iterator())
    assert found == [(b"0123456789", part) for part in (b"012", b"567", b"789")]
    with pytest.raises(tf.errors.OpError) as error:
        list(offsets.map(lambda offset: read(offset + 9)))
    assert "\n" not in decoding_error(error.value)


def test_errors_of_a_store_are_one_kind(monkeypatch):
    pytest.importorskip("fsspec")
    files = fsspec_files("memory://broken")

    def fail(*_, **__):
        raise RuntimeError("no credentials\nand more")

    monkeypatch.setattr(files, "_files", type("Broken", (), {"_strip_protocol": str, "info": fail})())
    with pytest.raises(OSError, match="no credentials") as error:
        files.exists("memory://broken/file")
    assert error.value.strerror == "no credentials and more"
