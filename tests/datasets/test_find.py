from __future__ import annotations

import subprocess
import sys

import pytest

from aesthkeras.command import parsed
from aesthkeras.datasets.find import SOURCES, title_of
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.errors import UsageError
from aesthkeras.settings import flag_values


def test_unknown_data_set_names_the_argument_and_the_choices(tmp_path, refusal):
    line = refusal("AVA", tmp_path)
    assert line == "dataset=AVA: expected one of folder ava aadb cuhkpq imagenet places csv xmp"


@pytest.mark.parametrize("name", SOURCES)
def test_a_folder_that_is_not_there_is_named(name, tmp_path, refusal):
    assert refusal(name, tmp_path / "no").startswith(f"data_dir={tmp_path}/no: no such folder; expected")


@pytest.mark.parametrize("name", SOURCES)
def test_an_empty_folder_is_refused(name, tmp_path, refusal):
    assert "expected" in refusal(name, tmp_path) and str(tmp_path) in refusal(name, tmp_path)


def test_settings_of_csv_are_refused_elsewhere(tmp_path, refusal):
    assert "group_column=theme: expected none with dataset=ava" in refusal(
        "ava", tmp_path, group_column="theme"
    )


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"split": "fold6"}, "split=fold6: expected one of own random half fold1"),
        ({"split_seed": -1}, "split_seed=-1: expected a number from 0"),
        ({"test_share": 1.0}, "test_share=1.0: expected a share from 0"),
        (
            {"test_share": 0.5, "validation_share": 0.5},
            "validation_share=0.5: expected less than 1 together",
        ),
        ({"threshold": "nan"}, "threshold=nan: expected a number or median"),
        ({"margin": -0.5}, "margin=-0.5: expected 0 or more"),
        ({"score_range": "0-100"}, "score_range=0-100: expected LOW:HIGH"),
        ({"score_range": "5:1"}, "score_range=5:1: expected LOW:HIGH"),
    ],
)
def test_settings_name_the_argument(settings, expected):
    with pytest.raises(UsageError, match=".") as caught:
        DatasetSettings(**settings)
    assert str(caught.value).startswith(expected)


def test_settings_survive_a_flag_file():
    settings = DatasetSettings(split="fold2", threshold="median", margin=0.5, score_range="0:100")
    arguments = [f"--{name}={value}" for name, value in flag_values(settings).items()]
    assert parsed([DatasetSettings], arguments) == [settings]


def test_no_tensorflow_is_loaded():
    code = "import sys, aesthkeras.datasets.find; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_own_ratings_go_by_the_name_of_their_folder(tmp_path):
    assert title_of("csv", f"{tmp_path}/my photos/") == "my photos"
    assert title_of("ava", f"{tmp_path}/my photos/") == "ava"
