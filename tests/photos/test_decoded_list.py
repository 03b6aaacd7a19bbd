from __future__ import annotations

import itertools
import os

import numpy as np
import pytest
from PIL import Image

from aesthkeras.photos import decoded_list, inspection
from aesthkeras.photos.decoded_list import DECODED, DecodedList
from aesthkeras.photos.inspection import inspect_photos
from aesthkeras.photos.sources import find_photos


@pytest.fixture
def folder(tmp_path):
    """Four photos, one of them WebP with a line break in its name, and one that is broken."""
    folder = tmp_path / "photos"
    (folder / "in ner").mkdir(parents=True)
    for name in ("a.png", "b.png", "in ner/ö.png", "c\nd.webp"):
        Image.fromarray(np.full((20, 30, 3), len(name), np.uint8)).save(folder / name)
    (folder / "e.png").write_bytes(b"no photo")
    return folder


@pytest.fixture
def decoded(monkeypatch):
    """The names of the photos that were given to be decoded."""
    names = []
    decode = inspection.decode_files

    def watched(paths, indices, *arguments):
        names.extend(os.path.basename(paths[index]) for index in indices)
        return decode(paths, indices, *arguments)

    monkeypatch.setattr(inspection, "decode_files", watched)
    return names


def inspect(folder, run, **options):
    run.mkdir(exist_ok=True)
    return inspect_photos(find_photos(str(folder)), str(run), progress=False, folder=str(folder), **options)


def test_another_run_decodes_only_what_was_refused(folder, decoded, tmp_path):
    first = inspect(folder, tmp_path / "first")
    assert sorted(set(decoded)) == ["a.png", "b.png", "c\nd.webp", "e.png", "ö.png"]
    decoded.clear()
    second = inspect(folder, tmp_path / "second")
    assert decoded == ["e.png"]
    assert second.paths == first.paths and second.more_formats and second.quarantined == 1
    decoded.clear()
    inspect(folder, tmp_path / "third", cache="memory")
    assert len(set(decoded)) == 5  # a cache wants all pixels


@pytest.mark.parametrize("change", ["size", "time"])
def test_a_photo_that_has_changed_is_examined_again(change, folder, decoded, tmp_path):
    inspect(folder, tmp_path / "first")
    decoded.clear()
    if change == "size":
        (folder / "a.png").write_bytes(b"broken")
    else:
        os.utime(folder / "a.png", ns=(1, 1))
    found = inspect(folder, tmp_path / "second")
    assert decoded == ["a.png", "e.png"]
    assert len(found.paths) == (3 if change == "size" else 4)


def test_a_killed_run_goes_on(folder, decoded, tmp_path, monkeypatch):
    monkeypatch.setattr(decoded_list, "WRITTEN_AT_ONCE", 1)
    watched = inspection.decode_files

    def killed(*arguments):
        yield from itertools.islice(watched(*arguments), 2)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(inspection, "decode_files", killed)
        inspect(folder, tmp_path / "run")
    decoded.clear()
    with open(folder / DECODED, "ab") as file:
        file.write(b"20 1")  # a line that a killed machine cut short
    inspect(folder, tmp_path / "run")
    assert "a.png" not in decoded and "b.png" not in decoded and "ö.png" in decoded
    decoded.clear()
    inspect(folder, tmp_path / "other")
    assert decoded == ["e.png"]


def test_a_folder_that_cannot_be_written_has_its_list_in_the_cache(folder, decoded, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (folder / DECODED).mkdir()  # neither root nor anybody else can write a file of this name
    inspect(folder, tmp_path / "first")
    assert len(list((tmp_path / "cache" / "aesthkeras").iterdir())) == 1
    decoded.clear()
    inspect(folder, tmp_path / "second")
    assert decoded == ["e.png"]


def test_where_nothing_can_be_written_nothing_is_kept(folder, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    (folder / DECODED).mkdir()
    with DecodedList(str(folder)) as kept:
        kept.add(str(folder / "a.png"), 1, 1, False)
    assert not kept.find([str(folder / "a.png")], np.array([1]), np.array([1]))[0].any()
