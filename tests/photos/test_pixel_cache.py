from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.errors import UsageError
from aesthkeras.photos.pixel_cache import PixelCache, PixelCacheWriter, cache_place, load_pixel_cache


def images():
    chance = np.random.default_rng(0)
    return [chance.integers(0, 256, shape).astype(np.uint8) for shape in [(8, 9, 3), (20, 8, 3), (8, 8, 3)]]


def photo_of(cache, index):
    flat, starts, shapes = cache.tensors()
    height, width = shapes[index].numpy()
    start = int(starts[index])
    return flat[start : start + 3 * height * width].numpy().reshape(height, width, 3)


@pytest.mark.parametrize("on_disk", [False, True])
def test_what_is_written_in_any_order_is_read(on_disk, tmp_path):
    path = str(tmp_path / "new folder" / "cache") if on_disk else None
    with PixelCacheWriter(5, 8, path) as writer:
        for index in (3, 0, 2):
            writer.add(index, images()[index % 3])
        cache = writer.finish("f" * 64, more_formats=True)
    for read in [cache, load_pixel_cache(path, "f" * 64)] if on_disk else [cache]:
        assert (read.edge, read.more_formats) == (8, True)
        assert (read.starts >= 0).tolist() == [True, False, True, True, False]
        for index in (3, 0, 2):
            np.testing.assert_array_equal(photo_of(read, index), images()[index % 3])
        np.testing.assert_array_equal(photo_of(read.of(np.array([2, 3])), 1), images()[0])


def test_tensor_lies_on_the_memory_of_the_file(tmp_path):
    path = str(tmp_path / "cache")
    with PixelCacheWriter(1, 8, path) as writer:
        writer.add(0, images()[0])
        cache = writer.finish("f", more_formats=False)
    flat, _, _ = cache.tensors()
    cache.octets[0] ^= 255  # a private page: the file stays as it is
    assert flat[0].numpy() == cache.octets[0] == images()[0].flat[0] ^ 255
    assert photo_of(load_pixel_cache(path, "f"), 0)[0, 0, 0] == images()[0].flat[0]


def test_offsets_beyond_2_gib(tmp_path):
    start = 2**31 + 12_345
    with open(tmp_path / "large", "w+b") as file:
        file.truncate(start + 8 * 9 * 3)  # a hole takes no space
        file.seek(start)
        file.write(images()[0].tobytes())
        file.flush()
        octets = np.memmap(file, np.uint8, mode="c")
    flat, starts, _ = PixelCache(8, octets, np.array([start]), np.array([[8, 9]], np.int32)).tensors()
    read = tf.function(lambda: tf.slice(flat, starts[:1], tf.constant([8 * 9 * 3], tf.int64)))
    np.testing.assert_array_equal(read(), images()[0].ravel())


def test_cache_of_other_photos_or_of_half_its_size_is_none(tmp_path):
    path = cache_place("disk", str(tmp_path), "ab" * 32, 8)
    assert load_pixel_cache(path, "ab" * 32) is None
    with PixelCacheWriter(1, 8, path) as writer:
        writer.add(0, images()[0])
        writer.finish("ab" * 32, more_formats=False)
    assert load_pixel_cache(path, "ab" * 32) is not None
    assert load_pixel_cache(path, "cd" * 32) is None
    os.truncate(path + ".u8", 100)
    assert load_pixel_cache(path, "ab" * 32) is None


@pytest.mark.parametrize("length", [0, 1, 50, 200, -1])
def test_an_index_cut_short_by_a_crash_is_none(length, tmp_path):
    path = cache_place("disk", str(tmp_path), "ab" * 32, 8)
    with PixelCacheWriter(1, 8, path) as writer:
        writer.add(0, images()[0])
        writer.finish("ab" * 32, more_formats=False)
    os.truncate(path + ".npz", length % os.path.getsize(path + ".npz"))
    assert load_pixel_cache(path, "ab" * 32) is None


def test_unfinished_cache_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), PixelCacheWriter(1, 8, str(tmp_path / "cache")) as writer:
        writer.add(0, images()[0])
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []


def test_what_a_killed_attempt_left_is_overwritten(tmp_path):
    code = (
        "import os, signal, sys; from aesthkeras.photos.pixel_cache import PixelCacheWriter\n"
        "PixelCacheWriter(1, 8, sys.argv[1]); os.kill(os.getpid(), signal.SIGKILL)"
    )
    path = str(tmp_path / "cache")
    subprocess.run([sys.executable, "-c", code, path], check=False, timeout=60)
    assert len(os.listdir(tmp_path)) == 1
    with PixelCacheWriter(1, 8, path) as writer:
        writer.add(0, images()[0])
        writer.finish("f" * 64, more_formats=False)
    assert sorted(os.listdir(tmp_path)) == ["cache.npz", "cache.u8"]


def test_full_disk_and_unwritable_folder_are_one_line(tmp_path):
    with PixelCacheWriter(1, 8, str(tmp_path / "cache")) as writer:
        writer._file.close()
        writer._file = open("/dev/full", "wb", buffering=0)  # noqa: SIM115
        with pytest.raises(UsageError, match="^cache: .*No space left on device$"):
            writer.add(0, images()[0])
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="^cache: .*file"):
        PixelCacheWriter(1, 8, str(tmp_path / "file" / "cache"))
