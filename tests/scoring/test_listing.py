"""Which files a command line means, and in which order."""

from __future__ import annotations

import os

import pytest

from aesthkeras.errors import UsageError
from aesthkeras.scoring.listing import list_photos


def listed(arguments, lines=()) -> list[str]:
    return [path for _, _, path in sorted(list_photos([str(name) for name in arguments], lines))]


def test_a_folder_means_its_photos_by_their_suffixes(folder, paths):
    assert listed([folder]) == paths


def test_files_come_as_they_are_named_whatever_their_suffix(folder):
    named = [folder / "z.png", folder / "labels.csv", folder / "a.jpg"]
    assert listed(named) == [str(path) for path in named]


def test_a_folders_photos_stand_where_the_folder_was_named(folder, paths):
    first, last = folder / "z.png", folder / "b.png"
    inner = [path for path in paths if "/more/" in path]
    assert listed([first, folder / "more", last]) == [str(first), *inner, str(last)]


def test_a_list_keeps_its_order_and_what_does_not_exist(folder, paths):
    lines = [f"{folder}/z.png\n", "\n", "missing.jpg\r\n", f"{folder}/more\n", f"{folder}/a.jpg"]
    inner = [path for path in paths if "/more/" in path]
    assert listed(["-"], lines) == [f"{folder}/z.png", "missing.jpg", *inner, f"{folder}/a.jpg"]


def test_patterns_match_as_in_a_shell(folder, paths):
    assert listed([folder / "?.png"]) == [str(folder / "b.png"), str(folder / "z.png")]
    assert set(listed([folder / "**" / "*.*"])) == {*paths, str(folder / "labels.csv")}
    # a file with a bracket in its name is that file
    assert listed([folder / "mor*"]) == [path for path in paths if "/more/" in path]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path):
    (tmp_path / "a[1].jpg").touch()
    assert listed([tmp_path / "a[1].jpg"]) == [str(tmp_path / "a[1].jpg")]


def test_a_name_that_is_no_utf8_reaches_the_file(tmp_path):
    name = os.fsencode(tmp_path) + b"/caf\xe9.jpg"
    with open(name, "wb"):
        pass
    assert [os.fsencode(path) for path in listed([tmp_path])] == [name]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere.jpg", "no such file or folder"),
        ("no*.jpg", "matches no file"),
        ("", "no photos in this folder"),
    ],
)
def test_an_argument_that_names_nothing_is_a_mistake(name, words, tmp_path):
    with pytest.raises(UsageError, match=words):
        listed([tmp_path / name])
