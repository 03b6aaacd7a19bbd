"""What a folder holds beside photos: counted in one line, never taken, never forgotten."""

from __future__ import annotations

import os
import sys

import pytest

from aesthkeras.datasets.find import read_dataset
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.errors import UsageError
from aesthkeras.photos.sources import find_photos
from aesthkeras.scoring import listing
from aesthkeras.scoring.listing import list_photos

OF_SYSTEMS = (
    *("@eaDir/a.jpg/SYNOPHOTO_THUMB_XL.jpg", "deep/@eaDir/b.jpg/SYNOPHOTO_THUMB_M.jpg", "@eaDir/c.jpg"),
    *(
        ".AppleDouble/d.jpg",
        "__MACOSX/._e.jpg",
        "__MACOSX/e.jpg",
        "._f.jpg",
        "deep/._g.jpg",
        ".thumbnails/h.jpg",
    ),
    *("Thumbs/i.jpg", "thumbnails/j.jpg", "#recycle/k.jpg", "$RECYCLE.BIN/l.jpg", "@__thumb/m.jpg"),
)
COUNTED = "2 @eaDir, 1 #recycle, 1 $RECYCLE.BIN, 1 @__thumb, 1 Thumbs, 1 __MACOSX, 1 thumbnails"


@pytest.fixture(params=["here", "on a store"])
def planted(request, tmp_path, scheme, upload):
    """`planted(names)`: the folder that holds empty files of these names."""

    def plant(*names):
        for name in names:
            path = tmp_path / "photos" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
        folder = tmp_path / "photos"
        return (
            str(folder) if request.param == "here" else upload(folder, f"{scheme}://skipped/{tmp_path.name}")
        )

    return plant


def relative(paths, folder):
    return [path.removeprefix(folder).lstrip("/") for path in paths]


def test_thumbnails_of_systems_are_no_photos(planted, capsys):
    folder = planted("one.jpg", "deep/two.jpg", *OF_SYSTEMS)
    assert relative(find_photos(folder), folder) == ["deep/two.jpg", "one.jpg"]
    line = f"aesthkeras: data_dir={folder}: thumbnails and waste are left alone: {COUNTED}\n"
    assert capsys.readouterr().err == line


def test_a_folder_may_be_named_by_its_name(tmp_path):
    (tmp_path / "Thumbs").mkdir()
    (tmp_path / "Thumbs" / "a.jpg").touch()
    assert find_photos(str(tmp_path / "Thumbs")) == [str(tmp_path / "Thumbs" / "a.jpg")]


def test_pictures_that_are_not_taken_are_counted_in_one_line(planted, capsys):
    names = [
        "a.NEF",
        "b.nef",
        "deep/c.nef",
        "d.cr3",
        "e.ARW",
        "f.psd",
        "g.jxl",
        "notes.txt",
        "labels.csv",
        "raw",
    ]
    folder = planted("photo.jpg", *names)
    assert relative(find_photos(folder), folder) == ["photo.jpg"]
    counted = "3 .nef, 1 .arw, 1 .cr3, 1 .jxl, 1 .psd (convert to JPEG, PNG or TIFF)"
    line = f"aesthkeras: data_dir={folder}: 7 pictures cannot be read: {counted}\n"
    assert capsys.readouterr().err == line


def test_nothing_is_said_where_there_is_nothing_to_say(planted, capsys):
    find_photos(planted("photo.jpg", "labels.csv", ".hidden.nef", "heic.jpg"))
    assert capsys.readouterr().err == ""


def test_heic_is_counted_where_nothing_decodes_it(planted, capsys, monkeypatch):
    folder = planted("a.heic", "b.HEIC", "c.hif", "d.nef", "photo.jpg")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    # they stay photos: each is listed with its reason
    assert relative(find_photos(folder), folder) == ["a.heic", "b.HEIC", "c.hif", "photo.jpg"]
    line = (
        f"aesthkeras: data_dir={folder}: 4 pictures cannot be read: 1 .nef (convert to JPEG, PNG or TIFF), "
        "2 .heic, 1 .hif (pip install 'aesthkeras[heic]')\n"
    )
    assert capsys.readouterr().err == line


def test_heic_is_read_with_pillow_heif(planted, capsys):
    pytest.importorskip("pillow_heif")
    find_photos(planted("a.heic"))
    assert capsys.readouterr().err == ""


def test_a_folder_of_raw_files_alone_says_so(planted):
    folder = planted("a.dng", "b.dng")
    with pytest.raises(UsageError, match=r"no photos in this folder; .*; 2 pictures cannot be read: 2 \.dng"):
        find_photos(folder)


@pytest.mark.parametrize("split", ["", "train/"])
def test_classes_are_not_made_of_thumbnails(split, planted, capsys):
    photos = [f"{split}{class_}/{number}.jpg" for class_ in ("cat", "dog") for number in range(2)]
    others = [f"{split}@eaDir/0.jpg", f"{split}cat/@eaDir/0.jpg", f"{split}Thumbs/0.jpg", f"{split}dog/0.raf"]
    others += ["val/@eaDir/0.jpg", "val/cat/0.jpg", "val/cat/0.raf"] if split else []
    folder = planted(*photos, *others)
    data_set = read_dataset("imagenet", folder, DatasetSettings())
    assert data_set.classes == ("cat", "dog") and len(data_set.records) == (5 if split else 4)
    said = capsys.readouterr().err.splitlines()
    counted, folders = ("2 pictures", "3 @eaDir") if split else ("1 picture", "2 @eaDir")
    assert len(said) == 1 and counted in said[0] and folders in said[0]


def scored(*arguments):
    return [path for _, _, path in sorted(list_photos([str(name) for name in arguments], None))]


@pytest.fixture
def mixed_folders(tmp_path):
    for name in ("a/1.jpg", "a/1.nef", "a/@eaDir/1.jpg", "b/2.jpg", "b/2.orf", "b/3.orf", "b/4.psd"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


@pytest.fixture
def rawpy_is(monkeypatch):
    return lambda there: monkeypatch.setattr(listing, "reads_raw_files", lambda: there)


def test_score_says_one_line_for_all_folders(mixed_folders, rawpy_is, capsys):
    rawpy_is(False)
    a, b = mixed_folders / "a", mixed_folders / "b"
    assert scored(a, b) == [f"{a}/1.jpg", f"{b}/2.jpg"]
    counted = (
        "4 pictures cannot be read: 2 .orf, 1 .nef (pip install 'aesthkeras[photos]'), "
        "1 .psd (convert to JPEG, PNG or TIFF)"
    )
    line = f"aesthkeras: photos: {counted}; thumbnails and waste are left alone: 1 @eaDir\n"
    assert capsys.readouterr().err == line


def test_score_takes_raw_files_where_their_previews_can_be_read(mixed_folders, rawpy_is, capsys):
    rawpy_is(True)
    b = mixed_folders / "b"
    assert scored(b) == [f"{b}/2.jpg", f"{b}/2.orf", f"{b}/3.orf"]
    assert "1 picture cannot be read: 1 .psd (convert" in capsys.readouterr().err


def test_a_pattern_goes_around_thumbnails_unless_it_names_them(tmp_path):
    for name in ("a/1.jpg", "a/@eaDir/1.jpg/THUMB.jpg", "a/__MACOSX/1.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert scored(tmp_path / "**" / "*.jpg") == [f"{tmp_path}/a/1.jpg"]
    with pytest.raises(UsageError, match="matches no photo"):
        scored(tmp_path / "a" / "*" / "*.jpg" / "*.jpg")
    assert scored(tmp_path / "a" / "__MACOSX" / "*.jpg") == [f"{tmp_path}/a/__MACOSX/1.jpg"]
    assert scored(os.path.join(tmp_path, "a", "__MACOSX")) == [f"{tmp_path}/a/__MACOSX/1.jpg"]
