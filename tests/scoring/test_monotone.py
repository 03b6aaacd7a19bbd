"""How scores move: by hand on a scorer that is brightness itself, and on the tiny one."""

from __future__ import annotations

import csv
import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from aesthkeras.degradations.table import CLASSES
from aesthkeras.errors import UsageError
from aesthkeras.scoring.monotone import Change, measure
from aesthkeras.scoring.monotone_report import (
    csv_table,
    headline,
    monotone_markdown,
    picture,
    write_monotone_report,
)

PLACE = {degradation.name: degradation.index - 1 for degradation in CLASSES[1:]}


class Brightness:
    """Stands for a network: the score of a crop is its mean level."""

    resize, crop, name = 40, 32, "brightness"

    def __call__(self, crops: np.ndarray) -> dict[str, np.ndarray]:
        return {"score": crops.mean(axis=(1, 2, 3), dtype=np.float64).astype(np.float32) / 255}


@pytest.fixture
def gray_photos(tmp_path) -> list[str]:
    """Two even gray photos, of level 60 and 200."""
    for level in (60, 200):
        Image.new("RGB", (64, 48), (level,) * 3).save(tmp_path / f"{level}.png")
    return [str(tmp_path / "200.png"), str(tmp_path / "60.png"), str(tmp_path / "missing.png")]


def test_changes_of_an_even_photo_are_those_of_table_1(gray_photos):
    change = measure(Brightness(), gray_photos)
    assert (change.photos, change.unreadable, change.named) == (2, 1, None)
    # half the light is 100 and 30; three times the light is 180, and 255 where it would be 600
    assert change.lower[PLACE["exposure_0.5"]] == 2
    assert change.mean[PLACE["exposure_0.5"]] == pytest.approx((-100 - 30) / 2 / 255, abs=1e-6)
    assert change.lower[PLACE["exposure_3.0"]] == 0
    assert change.mean[PLACE["exposure_3.0"]] == pytest.approx((55 + 120) / 2 / 255, abs=1e-6)
    assert change.deviation[PLACE["exposure_3.0"]] == pytest.approx((120 - 55) / 2 / 255, abs=1e-6)
    # the partner is the other photo: 0.4 x 140 levels darker and lighter
    assert change.lower[PLACE["mixup_0.4"]] == 1
    assert change.mean[PLACE["mixup_0.4"]] == pytest.approx(0, abs=1e-6)
    assert change.deviation[PLACE["mixup_0.4"]] == pytest.approx(56 / 255, abs=1e-6)
    for same in ("rotation_90", "gaussian_blur_0.8", "pixelation_8", "patch_shuffle_0.5", "downsampling_6"):
        assert change.equal[PLACE[same]] == 2 and change.lower[PLACE[same]] == 0


class TellsBrightness(Brightness):
    """Calls what is dark underexposed, and everything else faultless."""

    class_names = [degradation.name for degradation in CLASSES]

    def __call__(self, crops: np.ndarray) -> dict[str, np.ndarray]:
        answers = super().__call__(crops)
        said = np.zeros((len(crops), len(CLASSES)), np.float32)
        dark = answers["score"] < 0.15
        said[dark, PLACE["exposure_0.5"] + 1], said[~dark, 0] = 1, 1
        return {**answers, "degradations": said}


def test_a_fault_is_named_where_it_is_the_likeliest(gray_photos):
    named = measure(TellsBrightness(), gray_photos).named
    assert named[0] == 2  # 60 and 200 are above 38 = 0.15 x 255
    assert named[PLACE["exposure_0.5"] + 1] == 1  # 30 is below, 100 is not
    assert named[PLACE["exposure_3.0"] + 1] == 0


def test_nothing_readable_is_a_mistake(tmp_path):
    with pytest.raises(UsageError, match="of 1 none can"):
        measure(Brightness(), [str(tmp_path / "missing.png")])


def counted(**lower: int) -> Change:
    edits = len(CLASSES) - 1
    counts = np.full(edits, 10)
    for name, count in lower.items():
        counts[PLACE[name]] = count
    named = np.arange(edits + 1) % 10
    return Change(10, 1, counts, np.zeros(edits, int), np.full(edits, -0.25), np.full(edits, 0.125), named)


def test_the_report_says_how_often_and_for_what_least():
    change = counted(rotation_180=3)
    # 20 x 10 + 3 of 210
    assert "lower than its original in 96.7% of cases, least often for rotation_180 (30.0%)" in headline(
        change
    )
    text = monotone_markdown(change, "tiny")
    # Wilson's interval for 3 of 10, from the formula: (0.3 + z²/20 ± z sqrt(0.021 + z²/400)) / (1 + z²/10)
    assert "| rotation_180 | turned | 60.0% | 30.0% | 10.8% to 60.3% | -0.2500 ± 0.1250 |" in text
    assert "10 photos, 1 more could not be read" in text
    assert "it says `nothing` in 0.0%." in text
    rows = list(csv.DictReader(io.StringIO(csv_table(change))))
    assert [row["class"] for row in rows] == [degradation.name for degradation in CLASSES[1:]]
    row = rows[PLACE["rotation_180"]]
    assert (row["share_lower"], row["lower"], row["named"], row["photos"]) == ("0.300000", "3", "6", "10")
    assert float(row["low"]) == pytest.approx(0.1078, abs=1e-4)
    assert float(row["high"]) == pytest.approx(0.6032, abs=1e-4)


def test_the_same_numbers_give_the_same_picture():
    drawn = picture(counted(), "tiny")
    assert Image.open(io.BytesIO(drawn)).size == (1376, 896)
    assert drawn == picture(counted(), "tiny")


def test_a_model_may_be_called_by_signs_of_money():
    assert Image.open(io.BytesIO(picture(counted(), "$$"))).size == (1376, 896)


@pytest.mark.long
def test_a_real_scorer_moves_and_the_same_seed_says_the_same(network, paths, tmp_path):
    change = measure(network, paths, seed=1)
    assert (change.photos, change.unreadable) == (6, 3)
    assert np.ptp(change.mean) > 1e-3
    write_monotone_report(change, network.name, str(tmp_path / "out"))
    report = (tmp_path / "out" / "monotone.md").read_text()
    assert report.startswith("# What tiny/1 makes of degraded photos")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "monotone.csv",
        "monotone.md",
        "monotone.png",
    ]
    write_monotone_report(measure(network, paths, seed=1), network.name, str(tmp_path / "out"))
    assert (tmp_path / "out" / "monotone.md").read_text() == report


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model=m", "--out=o"], "expected photos, folders or patterns"),
        (["nowhere", "--model=m", "--out=o"], "nowhere: no such file or folder"),
        (["a.jpg", "--model=m"], "--out=: expected a folder"),
        (["a.jpg", "--model=m", "--out=o", "--seed=2147483648"], "--seed=2147483648: expected a number from"),
    ],
)
def test_mistakes_end_in_one_line(arguments, words, tmp_path):
    command = [sys.executable, "-m", "aesthkeras.monotone", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=200, check=False)
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 and words in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_a_folder_that_takes_no_files_is_named_before_any_photo_is_degraded(paths):
    arguments = [str(paths[0]), "--model=quality", "--out=/proc/monotone"]
    command = [sys.executable, "-m", "aesthkeras.monotone", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 2, done.stderr
    assert "--out=/proc/monotone: expected a folder" in done.stderr and "degrading" not in done.stderr
