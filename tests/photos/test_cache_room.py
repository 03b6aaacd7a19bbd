from __future__ import annotations

import os

import numpy as np
import pytest
from PIL import Image

from aesthkeras.errors import UsageError
from aesthkeras.photos import cache_room, inspection
from aesthkeras.photos.cache_room import require_room, shapes_of
from aesthkeras.photos.inspection import inspect_photos

SIZE = 3 * 256 * 512 * 1000  # a thousand photos twice as wide as high


@pytest.fixture
def free(monkeypatch):
    def set_free(octets):
        monkeypatch.setattr(cache_room, "free_memory", lambda: octets)
        monkeypatch.setattr(cache_room, "free_disk", lambda path: octets)

    return set_free


@pytest.mark.parametrize("cache", ["memory", "disk"])
def test_a_cache_that_will_not_fit_is_refused_with_both_sizes(cache, free, tmp_path):
    place = str(tmp_path / "cache" / "f") if cache == "disk" else None
    free(SIZE)
    require_room(cache, place, 1000, 256, [(100, 200), (200, 100), (0, 7)])
    free(SIZE - 10_000_000)
    with pytest.raises(UsageError) as caught:
        require_room(cache, place, 1000, 256, [(100, 200), (200, 100)])
    assert str(caught.value).startswith(
        f"cache={cache}: expected room for the pixels of 1000 photos, about 0.4 GB; 0.4 GB are free "
    )
    assert str(caught.value).endswith(str(tmp_path / "cache") if place else "in memory")


def test_what_a_killed_run_left_counts_as_free(free, tmp_path):
    (tmp_path / "f.part").write_bytes(bytes(1000))
    free(3 * 16 * 16 * 4 // 3 - 1000)
    require_room("disk", str(tmp_path / "f"), 1, 16, [])  # no header could be read: 4:3


def test_a_system_that_does_not_say_what_is_free_refuses_nothing(free):
    free(None)
    require_room("memory", None, 10**9, 256, [])


@pytest.mark.parametrize("cache", ["memory", "disk"])
def test_photos_are_refused_before_the_first_one_is_decoded(cache, free, tmp_path, monkeypatch):
    for number in range(3):
        Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(tmp_path / f"{number}.png")
    (tmp_path / "broken.png").write_bytes(b"no photo")
    paths = sorted(str(path) for path in tmp_path.glob("*.png"))
    assert shapes_of(paths, np.arange(4)) == [(30, 20)] * 3
    free(10_000)
    monkeypatch.setattr(inspection, "_decode_all", lambda *_: pytest.fail("decoded"))
    with pytest.raises(UsageError, match="of 4 photos, about 0.0 MB; 0.0 MB are free"):
        inspect_photos(paths, str(tmp_path), edge=32, cache=cache, progress=False)
    assert not os.path.exists(tmp_path / "cache") and not os.path.exists(tmp_path / "photos.json")
