"""Which files a command line means, and in which order."""

from __future__ import annotations

import io
import os

import pytest

from aesthkeras.errors import UsageError
from aesthkeras.scoring.listing import file_of, list_photos


def listed(arguments, lines=()) -> list[str]:
    standard_input = io.TextIOWrapper(io.BytesIO(b"".join(map(os.fsencode, lines))), "utf-8", "strict")
    return [path for _, _, path in sorted(list_photos([str(name) for name in arguments], standard_input))]


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
    assert [os.fsencode(path) for path in listed(["-"], [name + b"\n"])] == [name]


def test_a_folder_without_photos_ends_neither_a_list_nor_a_pattern(tmp_path):
    for name in ("empty", "full"):
        (tmp_path / "albums" / name).mkdir(parents=True)
    (tmp_path / "albums" / "full" / "a.jpg").touch()
    empty, photo = str(tmp_path / "albums" / "empty"), str(tmp_path / "albums" / "full" / "a.jpg")
    assert listed(["-"], [f"{empty}\n", f"{photo}\n"]) == [empty, photo]
    assert listed([tmp_path / "albums" / "*"]) == [photo]
    with pytest.raises(UsageError, match="matches no photo"):
        listed([tmp_path / "albums" / "e*"])


def test_a_closed_standard_input_matters_where_it_is_read(folder):
    paths = [str(folder / "z.png")]
    assert [path for _, _, path in list_photos(paths, None)] == paths
    with pytest.raises(UsageError, match="standard input is closed"):
        list_photos([*paths, "-"], None)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere.jpg", "no such file or folder"),
        ("no*.jpg", "matches no photo"),
        ("", "no photos in this folder"),
    ],
)
def test_an_argument_that_names_nothing_is_a_mistake(name, words, tmp_path):
    with pytest.raises(UsageError, match=words):
        listed([tmp_path / name])


def test_a_byte_order_mark_is_no_part_of_the_first_name(folder):
    lines = [b"\xef\xbb\xbf" + f"{folder}/z.png\r\n".encode(), f"{folder}/a.jpg\r\n"]
    assert listed(["-"], lines) == [f"{folder}/z.png", f"{folder}/a.jpg"]
    # only there: the name of a later line may begin so
    assert listed(["-"], ["a.jpg\n", "\ufeffb.jpg\n"]) == ["a.jpg", "\ufeffb.jpg"]
    assert listed(["-"], [b"\xef\xbb\xbf"]) == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_a_list_in_utf_16_is_refused_in_one_line(encoding):
    text = "a.jpg\nb.jpg\n" if encoding == "utf-16" else "\ufeffa.jpg\n"
    with pytest.raises(UsageError, match="^-: the list is in UTF-16; expected UTF-8, one path a line$"):
        listed(["-"], [text.encode(encoding)])


def test_spellings_of_one_file(tmp_path, monkeypatch):
    (tmp_path / "photos" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to("photos/deep")
    (tmp_path / "photos" / "a.jpg").touch()
    (tmp_path / "photos" / "other.jpg").symlink_to("a.jpg")
    monkeypatch.chdir(tmp_path / "photos")
    real = os.path.realpath(tmp_path / "photos" / "a.jpg")
    for spelling in ("a.jpg", "./a.jpg", "deep/../a.jpg", "../link/../a.jpg", "..//photos/./a.jpg", real):
        assert file_of(spelling) == real
    # by its letters alone this would be a.jpg of the folder above
    assert file_of(f"{tmp_path}/link/../a.jpg") == real
    assert file_of("other.jpg") != real
    assert file_of("a\0b/c.jpg") != file_of("c.jpg")
