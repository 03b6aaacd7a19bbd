"""The whole preparation: what is left out, what is found twice, and that a store is as good as a folder."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest

from aesthkeras import storage
from aesthkeras.decoding.refusal import RAW
from aesthkeras.errors import UsageError
from aesthkeras.finding.calibration import calibration_photos
from aesthkeras.photos import photo_files
from aesthkeras.photos.inspection import inspect_photos
from aesthkeras.photos.patches import patch_dataset
from aesthkeras.photos.shard_index import find_index
from aesthkeras.photos.shard_photos import shard_photos
from aesthkeras.preparation import examination, preparing, shards
from aesthkeras.preparation.examination import failure, only_more_formats_can
from aesthkeras.preparation.preparing import prepare, print_summary
from aesthkeras.preparation.settings import PreparationSettings


@pytest.fixture(scope="session")
def settings() -> PreparationSettings:
    return PreparationSettings(resize=64, shard_photos=3)


@pytest.fixture
def forbid_decoding(monkeypatch):
    def examine(*arguments, **options):
        raise AssertionError("examined again")

    monkeypatch.setattr(shards, "examine", examine)


def test_quarantine_lists_what_is_broken_and_what_is_missing(prepared, table):
    assert {row["id"]: row["reason"] for row in table(prepared / "quarantine.csv")} == {
        "cut.jpg": "the JPEG ends before its end marker: truncated",
        "gone.jpg": "listed in labels.csv, but no such file",
        "text.jpg": "not a JPEG, PNG, GIF or BMP file",
    }


def test_duplicates_and_leaks_are_named(prepared, table):
    rows = table(prepared / "duplicates.csv")
    assert [(row["group"], row["kind"], row["leak"], row["id"], row["split"]) for row in rows] == [
        ("1", "exact", "leak", "china copy.jpg", "test"),
        ("1", "exact", "leak", "china.jpg", "train"),
        ("2", "near", "leak", "rocket small.jpg", "test"),
        ("2", "near", "leak", "rocket.jpg", "train"),
    ]
    assert rows[0]["sha256"] == rows[1]["sha256"] and rows[2]["sha256"] != rows[3]["sha256"]


def test_summary_counts(prepared):
    summary = json.loads((prepared / "summary.json").read_text())
    assert (summary["photos"], summary["listed"]) == (8, 11)
    assert list(summary["splits"]) == ["train", "test"]
    assert summary["splits"]["train"]["classes"] == {"low": 2, "high": 2}
    assert summary["splits"]["train"]["without_label"] == 1
    assert summary["splits"]["test"]["classes"] == {"low": 2, "high": 1}
    assert summary["splits"]["test"]["score"]["mean"] == pytest.approx((4 + 6 + 2.5) / 3)
    histogram = summary["score_histogram"]
    assert (histogram["edges"][0], histogram["edges"][-1]) == (1, 7)
    assert {name: sum(counts) for name, counts in histogram["photos"].items()} == {"train": 4, "test": 3}
    assert summary["sizes"]["enlarged"] == 1  # the cat, 48 pixels
    # the photo on its side counts upright: 192 wide
    assert summary["sizes"]["width_to_height"]["lowest"] == pytest.approx(192 / 288, abs=0.01)
    assert summary["duplicates"] == {
        "exact": {"groups": 1, "photos": 2, "leaks": 1},
        "near": {"groups": 1, "photos": 2, "leaks": 1},
    }
    leak = [{"id": "china copy.jpg", "split": "test"}, {"id": "china.jpg", "split": "train"}]
    assert summary["leaks"][0] == {"kind": "exact", "photos": leak}


def test_the_page_needs_nothing_beside_it_and_says_what_matters(prepared):
    page = (prepared / "summary.html").read_text()
    assert re.findall(r"""(?:src|href)=["'](?!data:)""", page) == []
    assert "1 group of photos in different splits are the same file" in page
    assert "the JPEG ends before its end marker: truncated" in page
    assert page.count("data:image/svg+xml") == 4
    assert page.count("data:image/jpeg") == 4


def test_names_cannot_break_the_page(data_set, settings, tmp_path):
    records = [record._replace(id=f"<b>{record.id}") for record in data_set.records]
    prepare(data_set._replace(records=records), str(tmp_path), settings, progress=False)
    page = (tmp_path / "summary.html").read_text()
    assert "<b>china" not in page and "&lt;b&gt;china" in page


def test_leaks_are_lines_on_the_terminal(prepared, capsys):
    print_summary(str(prepared), json.loads((prepared / "summary.json").read_text()))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == f"aesthkeras: 8 of 11 photos are in {prepared} (train 5, test 3)"
    assert "aesthkeras: LEAK: groups that lie in more than one split: 2; the first is " in lines[-2]
    assert lines[-2].endswith("china copy.jpg (test) = china.jpg (train)")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_again_decodes_nothing_and_changes_nothing(prepared, data_set, settings, forbid_decoding):
    before = contents(prepared)
    prepare(data_set, str(prepared), settings, progress=False)
    assert contents(prepared) == before


def test_a_lost_shard_is_made_again_alone(prepared, data_set, settings, tmp_path):
    for name, content in contents(prepared).items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "test-00000-of-00001.tfrecord").write_bytes(b"cut")
    others = {path: path.stat().st_ino for path in tmp_path.glob("train*")}
    prepare(data_set, str(tmp_path), settings, progress=False)
    assert contents(tmp_path) == contents(prepared)
    assert {path: path.stat().st_ino for path in tmp_path.glob("train*")} == others


def test_photos_and_shards_on_a_store(data_set, settings, prepared, scheme, tmp_path):
    photos, out = f"{scheme}://photos", f"{scheme}://shards"
    storage.make_folder(photos)
    records = []
    for record in data_set.records:
        storage.write_whole(f"{photos}/{record.id}", Path(record.path).read_bytes())
        records.append(record._replace(path=f"{photos}/{record.id}"))
    summary = prepare(data_set._replace(records=records), out, settings, progress=False)
    assert summary == json.loads((prepared / "summary.json").read_text())
    for path in prepared.glob("*.tfrecord"):
        assert storage.read_whole(f"{out}/{path.name}") == path.read_bytes()
    assert not [name for _, _, names in storage.walk(out) for name in names if "part" in name]
    assert find_index(out).fingerprint == find_index(str(prepared)).fingerprint
    streams = []
    for place in (out, str(prepared)):
        run = tmp_path / str(len(streams))
        run.mkdir()
        found = shard_photos(find_index(place), str(run), edge=64, cache="none", progress=False)
        streams.append(patch_dataset(found, edge=64, crop=48, batch_size=4, seed=3))
    for there, here in zip(*(stream.take(3) for stream in streams)):
        np.testing.assert_array_equal(there["patches"], here["patches"])


def test_an_untrained_encoder_takes_its_statistics_from_shards_too(prepared, data_set):
    photos = calibration_photos(str(prepared), 64)
    left_out = {"cut.jpg", "text.jpg"}
    trained_on = {record.id for record in data_set.records if record.split == "train"} - left_out
    assert set(photos.paths) <= trained_on and len(photos.paths) > 3
    (batch,) = patch_dataset(photos, edge=64, crop=48, batch_size=4, seed=3).take(1)
    assert batch["patches"].shape == (4, 48, 48, 3)


def test_every_shard_has_a_webp_and_the_graph_is_traced_once(data_set, tmp_path, monkeypatch):
    def resize(photo, edge):
        edges.append(edge)
        return resize_shorter_edge(photo, edge)

    edges: list[int] = []
    resize_shorter_edge = examination.resize_shorter_edge
    monkeypatch.setattr(examination, "resize_shorter_edge", resize)
    flower = next(record for record in data_set.records if record.id == "flower.webp")
    records = [flower._replace(id=f"{number}.webp") for number in range(3)]
    settings = PreparationSettings(resize=65, shard_photos=1)
    prepare(data_set._replace(records=records, left_out=[]), str(tmp_path), settings, progress=False)
    assert len(list(tmp_path.glob("*.tfrecord"))) == 3
    assert edges == [65, 65]  # without and with more formats


def test_bad_photos_only_are_refused_with_a_reason(data_set, settings, tmp_path):
    records = [record for record in data_set.records if record.id in ("cut.jpg", "text.jpg")]
    broken = data_set._replace(records=records, left_out=[])
    with pytest.raises(UsageError, match="but of 2 none can; .*cut.jpg: the JPEG ends before"):
        prepare(broken, str(tmp_path), settings, progress=False)
    assert not (tmp_path / "index.json").exists()


@pytest.fixture
def with_flower(data_set, tmp_path):
    """Prepares one more file beside the WebP of the set; returns the rows of `quarantine.csv`."""

    def prepared_with(path: Path, table) -> list[dict[str, str]]:
        flower = next(record for record in data_set.records if record.id == "flower.webp")
        records = [flower, flower._replace(id=path.name, path=str(path))]
        settings = PreparationSettings(resize=64)
        found = data_set._replace(records=records, left_out=[])
        assert prepare(found, str(tmp_path / "out"), settings, progress=False)["photos"] == 1
        return table(tmp_path / "out" / "quarantine.csv")

    return prepared_with


@pytest.mark.timeout(60)
def test_a_pipe_is_refused_and_not_opened(with_flower, table, tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (row,) = with_flower(tmp_path / "pipe.jpg", table)
    assert row["reason"] == "a pipe, socket or device, not a file"


def test_a_webp_over_the_limit_is_not_read(with_flower, table, sample, tmp_path, monkeypatch):
    for module in (preparing, photo_files):
        monkeypatch.setattr(module, "MAX_FILE_BYTES", 10**6)
    sample("rocket", 64).save(tmp_path / "large.webp")
    os.truncate(tmp_path / "large.webp", 10**6 + 1)
    (row,) = with_flower(tmp_path / "large.webp", table)
    assert row["reason"] == "the file has 1000001 bytes, more than the limit of 1000000"


def test_a_raw_file_is_refused_by_its_name_here_and_on_a_store(with_flower, table, sample, scheme, tmp_path):
    sample("rocket").save(tmp_path / "DSC_0001.NEF", "TIFF")  # as its preview
    row = {"id": "DSC_0001.NEF", "path": str(tmp_path / "DSC_0001.NEF"), "reason": RAW}
    assert with_flower(tmp_path / "DSC_0001.NEF", table) == [row]
    there = f"{scheme}://raw/DSC_0001.NEF"
    storage.make_folder(f"{scheme}://raw")
    storage.write_whole(there, (tmp_path / "DSC_0001.NEF").read_bytes())
    assert failure(there) == RAW and not only_more_formats_can(there)


def test_unknown_stores_and_files_for_folders_are_one_line(data_set, settings, tmp_path):
    with pytest.raises(UsageError, match="^out=nowhere://x: no such kind of store"):
        prepare(data_set, "nowhere://x", settings, progress=False)
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="^out=.*: expected a folder to write to"):
        prepare(data_set, str(tmp_path / "file"), settings, progress=False)


@pytest.mark.parametrize("cache", ["none", "memory", pytest.param("disk", marks=pytest.mark.long)])
def test_patches_from_shards_are_those_from_the_files(cache, kept, data_set, tmp_path):
    names = [record for record in data_set.records if record.split == "train"]
    for run in ("files", "shards"):
        (tmp_path / run).mkdir()
    paths = [record.path for record in names]
    files = inspect_photos(paths, str(tmp_path / "files"), edge=64, cache=cache, progress=False)
    index = find_index(str(kept))
    photos = shard_photos(index, str(tmp_path / "shards"), edge=64, cache=cache, progress=False)
    assert photos.paths == [record.id for record in names if record.id != "cut.jpg"]
    streams = [patch_dataset(some, edge=64, crop=48, batch_size=4, seed=3) for some in (files, photos)]
    for first, second in zip(*(stream.take(5) for stream in streams)):
        for name in ("patches", "photo", "seed"):
            np.testing.assert_array_equal(first[name], second[name])


def test_other_shards_are_refused_by_a_run_that_goes_on(kept, prepared, tmp_path):
    shard_photos(find_index(str(kept)), str(tmp_path), progress=False)
    with pytest.raises(UsageError, match="data_dir: expected the 5 photos that the run"):
        shard_photos(find_index(str(prepared)), str(tmp_path), progress=False)
