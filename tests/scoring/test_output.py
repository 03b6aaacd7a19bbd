"""A whole table, page or stream from a folder of files; killed, it goes on."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance

from aesthkeras.culling.sidecar_rule import SidecarRule
from aesthkeras.errors import UsageError
from aesthkeras.networks.export import Export
from aesthkeras.scoring import scoring
from aesthkeras.scoring.listing import list_photos
from aesthkeras.scoring.network import ScoringNetwork
from aesthkeras.scoring.output import write_scores
from aesthkeras.scoring.scoring import ScoringChoices

UNREADABLE = ["empty.jpg", "short.jpg", "text.jpg"]


def scored(network, arguments, out, crops=1) -> bytes:
    photos = list_photos([str(argument) for argument in arguments], None)
    write_scores(network, photos, out, out.suffix[1:], "Photos", ScoringChoices(crops))
    return out.read_bytes()


@pytest.fixture(scope="module")
def table(network, folder, tmp_path_factory) -> bytes:
    return scored(network, [folder], tmp_path_factory.mktemp("out") / "scores.csv")


def rows_of(table: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.decode())))


def test_every_file_has_one_row(table, paths):
    rows = rows_of(table)
    assert [row["path"] for row in rows] == paths
    refused = [os.path.basename(row["path"]) for row in rows if row["error"]]
    assert refused == UNREADABLE
    for row in rows:
        if row["error"]:
            assert row["score"] == row["rating"] == row["seems_wrong"] == ""
        else:
            assert 0 < float(row["score"]) < 1
            assert float(row["seems_wrong"].split()[-1]) >= 0.1  # none under it is named


def without_group(row: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in row.items() if "group" not in name}


def test_scores_do_not_depend_on_order_or_company(network, folder, paths, table, tmp_path):
    of_table = {row["path"]: without_group(row) for row in rows_of(table)}
    few = [paths[5], paths[0], paths[7], paths[2], paths[0]]
    rows = rows_of(scored(network, few, tmp_path / "few.csv"))
    # of a group is a photo only in company
    assert list(map(without_group, rows)) == [
        of_table[path] for path in few[:4]
    ]  # the fifth is the second again


def test_ten_crops_are_the_mean_of_ten_scores(network, folder, paths, tmp_path):
    from aesthkeras.photos.reading import read_photos

    (row,) = rows_of(scored(network, paths[5:6], tmp_path / "ten.csv", crops=10))
    (photo,) = read_photos(paths[5:6], network.resize, network.crop, 10)
    answers = network(photo.crops)
    assert float(row["score"]) == pytest.approx(answers["score"].mean(), abs=1e-6)
    assert float(row["rating"]) == pytest.approx(answers["rating"].mean(), abs=1e-5)
    assert answers["score"].std() > 1e-4


def test_interrupted_it_goes_on_where_it_was(network, folder, table, tmp_path, monkeypatch):
    def dies(*arguments):
        rows = score_photos(*arguments)
        yield next(rows)
        raise KeyboardInterrupt

    def counted(network, paths, *arguments):
        asked.extend(paths)
        return score_photos(network, paths, *arguments)

    asked: list[str] = []
    score_photos = scoring.score_photos
    monkeypatch.setattr(scoring, "score_photos", dies)
    with pytest.raises(KeyboardInterrupt):
        scored(network, [folder], tmp_path / "scores.csv")
    assert not (tmp_path / "scores.csv").exists()
    monkeypatch.setattr(scoring, "score_photos", counted)
    assert scored(network, [folder], tmp_path / "scores.csv") == table
    assert [os.path.basename(path) for path in asked] == ["d.tif", "e.bmp", *UNREADABLE[1:], "z.png"]
    assert os.listdir(tmp_path) == ["scores.csv"]


def test_nothing_to_score_is_a_mistake(network, tmp_path):
    with pytest.raises(UsageError, match="no photos"):
        nothing = io.TextIOWrapper(io.BytesIO(b"\n"))
        write_scores(network, list_photos(["-"], nothing), tmp_path / "a.csv", "csv", "", ScoringChoices())
    assert not (tmp_path / "a.csv").exists()


def test_a_gallery_of_the_folder(scorer, folder, paths, tmp_path):
    network = ScoringNetwork(Export.open(scorer), batch_size=4)
    page = scored(network, [folder], tmp_path / "gallery.html").decode()
    order = [page.index(f'["{path}"') for path in paths]
    scores = {row["path"]: row["score"] for row in rows_of(scored(network, [folder], tmp_path / "a.csv"))}
    best_first = sorted(paths, key=lambda path: -float(scores[path] or -1))
    assert sorted(order) == [order[paths.index(path)] for path in best_first]
    assert page.count('"thumbnail":"/9j/') == page.count('"heat":"iVBOR') == len(paths) - len(UNREADABLE)


@pytest.fixture(scope="module")
def burst_folder(sample, tmp_path_factory) -> Path:
    """Thirty photos: three bursts of four shots, eighteen others, one of them another format."""
    folder = tmp_path_factory.mktemp("bursts")
    names = ("astronaut", "coffee", "rocket", "chelsea", "china", "flower", "hubble", "ihc", "retina")
    for number, name in enumerate((*names, "motorcycle_left")):
        photo = sample(name, 256)
        for part in range(2 if number else 0):
            half = photo.crop((photo.width * part // 2, 0, photo.width * (part + 1) // 2, photo.height))
            half.save(folder / (f"{name} {part}.webp" if number + part == 1 else f"{name} {part}.jpg"))
        for shot in range(4 if number < 3 else 0):
            exif = Image.Exif()
            exif.get_ifd(0x8769)[0x9003] = f"2026:05:01 1{number}:30:0{shot}"
            lit = ImageEnhance.Brightness(photo.rotate(shot / 2)).enhance(1 + shot / 20)
            lit.crop((8, 8, photo.width - 8, photo.height - 8)).save(
                folder / f"burst {number} {shot}.jpg", exif=exif, quality=95
            )
    return folder


def test_thirty_photos_with_three_bursts_become_groups_and_sidecars(network, burst_folder, tmp_path):
    names = sorted(path.name for path in burst_folder.iterdir())
    assert len(names) == 30
    before = {name: (burst_folder / name).read_bytes() for name in names}
    photos = list_photos([str(burst_folder)], None)
    rule = SidecarRule("darktable", (10.0, 35.0, 65.0, 90.0), True)
    write_scores(network, photos, tmp_path / "out.csv", "csv", "", ScoringChoices(), sidecars=rule)
    rows = rows_of((tmp_path / "out.csv").read_bytes())
    groups: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        groups.setdefault(row["group"], []).append(row)
    assert len(groups.pop("")) == 18
    assert [[os.path.basename(row["path"]) for row in group] for group in groups.values()] == [
        [f"burst {burst} {shot}.jpg" for shot in range(4)] for burst in range(3)
    ]
    for group in groups.values():
        best = max(group, key=lambda row: float(row["score"]))
        assert [row for row in group if row["best_of_group"] == "true"] == [best]
    assert rows[1]["taken"] == "2026-05-01T10:30:01" and rows[29]["taken"] == ""
    assert {name: (burst_folder / name).read_bytes() for name in names} == before
    ranked = sorted(rows, key=lambda row: float(row["score"]))
    stars = [stars_in(f"{row['path']}.xmp") for row in ranked]
    assert stars == sorted(stars) and (stars.count(5), stars.count(1)) == (3, 3)


def stars_in(sidecar: str) -> int:
    """As exiftool reads it, where that is installed."""
    if not shutil.which("exiftool"):
        return int(Path(sidecar).read_text().partition('xmp:Rating="')[2][0])
    said = subprocess.run(["exiftool", "-s3", "-Rating", sidecar], capture_output=True, check=True)
    return int(said.stdout)


def command(*arguments: str, **options) -> subprocess.CompletedProcess[bytes]:
    words = [sys.executable, "-m", "aesthkeras.score", *arguments]
    return subprocess.run(words, capture_output=True, check=False, timeout=200, **options)


def test_the_command_prints_rows_for_a_list_on_standard_input(scorer, folder, paths, table):
    listed = "\n".join([paths[0], str(folder / "missing.jpg"), paths[4]]).encode()
    done = command("-", f"--model={scorer}", "--format=jsonl", input=listed)
    assert done.returncode == 0, done.stderr[-2000:]
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["path"] for row in rows] == [paths[0], str(folder / "missing.jpg"), paths[4]]
    assert [row["error"] for row in rows] == [None, "no such file", None]
    of_table = {row["path"]: row["score"] for row in rows_of(table)}
    # the command's batches are of another size than this test's: the last bits may differ
    assert rows[2]["score"] == pytest.approx(float(of_table[paths[4]]), abs=1e-5)
    assert b"3/3" in done.stderr and b"1 photo could not be read" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model=m"], "expected photos, folders, patterns or -"),
        (["nowhere.jpg", "--model=m"], "nowhere.jpg: no such file or folder"),
        (["photo.jpg"], "--model=: expected the folder of a scorer's SavedModel"),
        (["photo.jpg", "--model=m", "--out=scores.txt"], "--out=scores.txt: expected a file that ends in"),
        (["photo.jpg", "--model=m", "--format=html"], "--format=html: expected a file --out"),
        (["photo.jpg", "--model=m", "--format=xml"], "--format=xml: expected csv, jsonl or html"),
        (["photo.jpg", "--model=m", "--crops=3"], "--crops=3: expected 1, 5 or 10"),
        (["photo.jpg", "--model=m", "--xmp=exif"], "--xmp=exif: expected darktable or lightroom"),
        (["photo.jpg", "--model=m", "--xmp=darktable"], "--xmp=darktable: expected a file --out"),
        (["photo.jpg", "--model=m", "--stars=1,2,3,4"], "--stars=1,2,3,4: expected four ascending shares"),
    ],
)
def test_mistakes_end_in_one_line(arguments, words, tmp_path):
    done = command(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.decode().strip().splitlines()) == 1
    assert words in done.stderr.decode()
    assert os.listdir(tmp_path) == []
