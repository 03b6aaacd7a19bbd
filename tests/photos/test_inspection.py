from __future__ import annotations

import csv
import json
import os
import shutil

import numpy as np
import pytest
from PIL import Image

from aesthkeras.errors import UsageError
from aesthkeras.photos import inspection
from aesthkeras.photos.inspection import inspect_photos
from aesthkeras.photos.sources import find_photos
from aesthkeras.photos.verdict import Verdict, forget_verdict
from aesthkeras.photos.views import resize_shorter_edge

EDGE = 64


@pytest.fixture
def folder(tmp_path, photos, encoded):
    """Three good photos and six bad ones, in a folder whose name is not ASCII."""
    folder = tmp_path / "Möwen und Meer"
    (folder / "sub").mkdir(parents=True)
    photos[0].save(folder / "b.jpg")
    photos[1].save(folder / "sub" / "ä c.png")
    photos[2].save(folder / "z.bmp")
    (folder / "a.jpg").write_bytes(encoded(photos[0], "JPEG")[:2000])
    (folder / "c.jpg").write_text("a text")
    (folder / "empty.png").touch()
    os.symlink("nowhere", folder / "link.jpg")
    photos[0].resize((1, 1)).save(folder / "pixel.png")
    (folder / "sub" / "truncated.png").write_bytes(encoded(photos[1], "PNG")[:3000])
    return folder


@pytest.fixture
def run_dir(tmp_path):
    (tmp_path / "run").mkdir()
    return str(tmp_path / "run")


def quarantine(run_dir):
    with open(os.path.join(run_dir, "quarantine.csv"), encoding="utf-8", newline="") as lines:
        return {os.path.basename(row["path"]): row["reason"] for row in csv.DictReader(lines)}


def inspect(folder, run_dir, **options):
    return inspect_photos(find_photos(str(folder)), run_dir, edge=EDGE, progress=False, **options)


def refusal(folder, run_dir, **options):
    with pytest.raises(UsageError) as caught:
        inspect(folder, run_dir, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def forbid_decoding(monkeypatch):
    def forbid():
        def decode(*arguments):
            raise AssertionError("decoded again")

        monkeypatch.setattr(inspection, "_decode_all", decode)

    return forbid


@pytest.fixture
def recorded(monkeypatch):
    """Keeps a verdict without decoding anything."""

    def record(folder, run_dir):
        with monkeypatch.context() as patched:
            patched.setattr(inspection, "_decode_all", lambda paths, *_: Verdict(good(paths), False))
            inspect(folder, run_dir)

    def good(paths):
        return np.ones(len(paths), bool)

    return record


@pytest.mark.parametrize("cache", ["none", "memory", "disk"])
def test_bad_photos_are_set_aside_with_their_reasons(cache, folder, run_dir):
    photos = inspect(folder, run_dir, cache=cache)
    assert [os.path.relpath(path, folder) for path in photos.paths] == ["b.jpg", "sub/ä c.png", "z.bmp"]
    assert photos.quarantined == 6 and not photos.more_formats
    assert quarantine(run_dir) == {
        "a.jpg": "the JPEG ends before its end marker: truncated",
        "c.jpg": "not a JPEG, PNG, GIF or BMP file",
        "empty.png": "the file is empty",
        "link.jpg": "a link to nothing",
        "pixel.png": "1 x 1 pixels, shorter edge under 16",
        "truncated.png": "the PNG data is damaged or truncated",
    }
    if cache == "none":
        assert photos.pixels is None
        return
    flat, starts, shapes = photos.pixels.tensors()
    for path, start, (height, width) in zip(photos.paths, starts.numpy(), shapes.numpy()):
        if not path.endswith("jpg"):
            expected = resize_shorter_edge(np.asarray(Image.open(path)), EDGE)
            read = flat[start : start + 3 * height * width].numpy().reshape(height, width, 3)
            np.testing.assert_array_equal(read, expected)


@pytest.mark.parametrize("cache", ["none", "disk"])
def test_second_run_decodes_nothing(cache, folder, run_dir, forbid_decoding):
    first = inspect(folder, run_dir, cache=cache)
    forbid_decoding()
    again = inspect(folder, run_dir, cache=cache)
    assert (again.paths, again.quarantined, again.fingerprint) == (first.paths, 6, first.fingerprint)
    if cache == "disk":
        np.testing.assert_array_equal(again.pixels.octets, first.pixels.octets)


def test_second_run_fills_a_cache_in_memory_again(folder, run_dir):
    first, again = (inspect(folder, run_dir, cache="memory") for _ in range(2))
    np.testing.assert_array_equal(again.pixels.octets, first.pixels.octets)
    assert os.listdir(run_dir) and "cache" not in os.listdir(run_dir)


def test_a_run_killed_between_its_cache_and_its_verdict_decodes_nothing_again(
    folder, run_dir, forbid_decoding
):
    first, refused = inspect(folder, run_dir, cache="disk"), quarantine(run_dir)
    os.remove(os.path.join(run_dir, "photos.json"))
    os.remove(os.path.join(run_dir, "quarantine.csv"))
    forbid_decoding()
    assert inspect(folder, run_dir, cache="disk").paths == first.paths
    assert quarantine(run_dir) == refused


def test_cache_of_another_edge_is_made_anew(folder, run_dir):
    inspect(folder, run_dir, cache="disk")
    photos = inspect_photos(find_photos(str(folder)), run_dir, edge=32, cache="disk", progress=False)
    assert photos.pixels.edge == 32 and photos.pixels.shapes.min() == 32


@pytest.mark.parametrize("change", ["new", "gone", "grown", "renamed"])
def test_changed_folder_is_refused(change, folder, run_dir, recorded):
    recorded(folder, run_dir)
    if change == "new":
        shutil.copy(folder / "b.jpg", folder / "new.jpg")
    elif change == "gone":
        os.remove(folder / "b.jpg")
    elif change == "renamed":
        os.rename(folder / "b.jpg", folder / "bb.jpg")
    else:
        with open(folder / "b.jpg", "ab") as out:
            out.write(b"more")
    assert "data_dir: expected the 9 photos that the run" in refusal(folder, run_dir)


def test_photo_that_broke_since_is_named(folder, run_dir):
    inspect(folder, run_dir, cache="memory")
    size = os.path.getsize(folder / "b.jpg")
    (folder / "b.jpg").write_bytes(b"x" * size)
    assert "b.jpg could be decoded when the run began" in refusal(folder, run_dir, cache="memory")


def test_a_run_folder_whose_verdict_is_forgotten_takes_other_photos(folder, run_dir):
    inspect(folder, run_dir)
    os.remove(folder / "z.bmp")
    forget_verdict(run_dir)
    assert len(inspect(folder, run_dir).paths) == 2
    forget_verdict(run_dir)
    forget_verdict(run_dir)  # nothing to forget


def test_fingerprint_is_that_of_a_copy_elsewhere(folder, run_dir, tmp_path, recorded):
    shutil.copytree(folder, tmp_path / "copy", symlinks=True)
    recorded(folder, run_dir)
    recorded(tmp_path / "copy", run_dir)  # would be refused


def test_folder_of_bad_photos_only_is_refused(folder, run_dir):
    for name in ("b.jpg", "z.bmp", "sub/ä c.png"):
        os.remove(folder / name)
    message = refusal(folder, run_dir)
    assert message.startswith("data_dir: expected a photo that can be decoded, but of 6 none can; ")
    assert message.endswith("a.jpg: the JPEG ends before its end marker: truncated")
    assert len(quarantine(run_dir)) == 6 and not os.path.exists(os.path.join(run_dir, "photos.json"))


def test_other_formats_count_whatever_their_suffix(folder, run_dir, photos):
    photos[3].save(folder / "really webp.jpg", "WEBP", lossless=True)
    photos[4].save(folder / "t.tiff")
    found = inspect(folder, run_dir, cache="disk")
    assert len(found.paths) == 5 and found.quarantined == 6 and found.more_formats
    again = inspect(folder, run_dir, cache="disk")
    assert again.paths == found.paths and again.more_formats
    with open(os.path.join(run_dir, "photos.json")) as record:
        assert json.load(record)["more_formats"]


def test_unwritable_run_folder_and_unknown_cache_are_one_line(folder, tmp_path):
    assert refusal(folder, str(tmp_path / "none")).startswith("run_dir=")
    assert refusal(folder, str(tmp_path), cache="cloud").startswith("cache=cloud: expected one of")


def test_progress_goes_to_stderr(folder, run_dir, capsys):
    inspect_photos(find_photos(str(folder)), run_dir)
    assert "decoding photos once" in capsys.readouterr().err
