from __future__ import annotations

import os
import subprocess
import sys

import pytest

from aesthkeras.errors import UsageError
from aesthkeras.photos.sources import find_photos, sample_photos


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def relative(paths, folder):
    return [os.path.relpath(path, folder) for path in paths]


def refusal(*arguments):
    with pytest.raises(UsageError) as caught:
        find_photos(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_folder_is_searched_in_depth_and_sorted(tmp_path):
    touch(
        tmp_path,
        "b.jpg",
        "a/z.PNG",
        "a/deep/er/1.JPeG",
        "c.tiff",
        "d.webp",
        "e.avif",
        "f.gif",
        "g.bmp",
        "h.HEIC",
    )
    expected = [
        "a/deep/er/1.JPeG",
        "a/z.PNG",
        "b.jpg",
        "c.tiff",
        "d.webp",
        "e.avif",
        "f.gif",
        "g.bmp",
        "h.HEIC",
    ]
    assert relative(find_photos(str(tmp_path)), tmp_path) == expected


def test_hidden_names_and_other_files_are_left_out(tmp_path):
    touch(tmp_path, "a.jpg", ".b.jpg", ".git/c.jpg", "labels.csv", "README", "d.jpg.txt", "._e.jpg")
    assert relative(find_photos(str(tmp_path)), tmp_path) == ["a.jpg"]


def test_spaces_letters_and_bytes_that_are_no_text_survive(tmp_path):
    touch(tmp_path, "Ünïcode Ordner/mein Foto (1).jpg", "写真.png", "[x] #1 100%.jpg")
    with open(os.fsencode(str(tmp_path)) + b"/latin-\xe9.jpg", "wb"):
        pass
    found = find_photos(str(tmp_path))
    assert len(found) == 4 and all(os.path.isfile(path) for path in found)


def test_folder_named_like_a_photo_is_a_folder_and_a_broken_link_is_kept(tmp_path):
    touch(tmp_path, "album.jpg/a.jpg")
    os.symlink("nowhere.jpg", tmp_path / "broken.jpg")
    os.symlink("itself.jpg", tmp_path / "itself.jpg")
    assert relative(find_photos(str(tmp_path)), tmp_path) == ["album.jpg/a.jpg", "broken.jpg", "itself.jpg"]


def test_linked_folders_are_searched_once_and_circles_end(tmp_path):
    touch(tmp_path, "photos/a.jpg", "elsewhere/b.jpg")
    os.symlink(tmp_path / "elsewhere", tmp_path / "photos" / "link")
    os.symlink(tmp_path / "photos", tmp_path / "photos" / "circle")
    assert relative(find_photos(str(tmp_path / "photos")), tmp_path / "photos") == ["a.jpg", "link/b.jpg"]


def test_missing_folder_file_and_empty_folder_are_refused(tmp_path):
    touch(tmp_path, "photo.jpg", "empty/notes.txt")
    assert refusal(str(tmp_path / "none")).startswith(f"data_dir={tmp_path}/none: no such folder")
    assert "is a file" in refusal(str(tmp_path / "photo.jpg"))
    assert "no photos in this folder" in refusal(str(tmp_path / "empty"))


def test_unreadable_folder_is_refused(tmp_path, monkeypatch):
    touch(tmp_path, "a.jpg")

    def denied(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", denied)
    assert refusal(str(tmp_path)).endswith("Permission denied")


def test_list_names_photos_relative_to_the_folder(tmp_path):
    touch(tmp_path, "b c.jpg", "é/a.jpg", "unlisted.jpg", "no suffix")
    listed = tmp_path / "list.txt"
    listed.write_bytes("\ufeffb c.jpg\r\né/a.jpg\r\n\r\nmissing.jpg\r\nb c.jpg\r\nno suffix".encode())
    found = find_photos(str(tmp_path), str(listed))
    assert relative(found, tmp_path) == ["b c.jpg", "missing.jpg", "no suffix", "é/a.jpg"]


def test_bad_lists_are_refused(tmp_path):
    touch(tmp_path, "a.jpg")
    (tmp_path / "empty.txt").write_text("\n \n")
    assert refusal(str(tmp_path), str(tmp_path / "none.txt")).startswith("photo_list=")
    assert refusal(str(tmp_path), str(tmp_path)).startswith("photo_list=")
    assert "names no photo" in refusal(str(tmp_path), str(tmp_path / "empty.txt"))
    assert refusal("samples", str(tmp_path / "empty.txt")).startswith("photo_list:")


def test_samples_are_installed_photos():
    paths = find_photos("samples")
    assert paths == sorted(paths) == sample_photos()
    assert 9 <= len(paths) <= 15 and all(os.path.getsize(path) > 20_000 for path in paths)


def test_samples_without_their_packages_are_refused(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert refusal("samples").startswith("data_dir=samples")


def test_finding_photos_loads_no_tensorflow(tmp_path):
    code = (
        "import sys; from aesthkeras.photos.sources import find_photos;"
        "find_photos('samples'); sys.exit('tensorflow' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
