"""What is said with the photos is found, and what cannot be read is refused in one line."""

from __future__ import annotations

import pytest

from aesthkeras.errors import UsageError
from aesthkeras.photos.notes import LONGEST, find_notes, recorded_notes


def test_notes_beside_the_photos_licence_first(tmp_path):
    (tmp_path / "ReadMe.md").write_text("Photos of hills.\n", encoding="utf-8")
    (tmp_path / "LICENSE").write_text("CC BY 4.0 © Zoë\n", encoding="utf-8")
    (tmp_path / "labels.csv").write_text("path,score\n")
    (tmp_path / "README.png").write_bytes(b"\x89PNG")
    (tmp_path / "notice").mkdir()
    assert find_notes(str(tmp_path) + "/") == "CC BY 4.0 © Zoë\n\nPhotos of hills."


def test_nothing_said_is_the_empty_text(tmp_path):
    assert find_notes(str(tmp_path)) == ""


def test_the_flag_goes_before_what_lies_there(tmp_path):
    (tmp_path / "LICENSE").write_text("CC BY 4.0")
    (tmp_path / "mine.txt").write_text("My own photos.")
    assert find_notes(str(tmp_path), "Taken by me.") == "Taken by me."
    assert find_notes(str(tmp_path), str(tmp_path / "mine.txt")) == "My own photos."


def test_sample_photos_are_known():
    assert "scikit-image" in find_notes("samples")


def test_a_record_keeps_notes_on_photos_and_on_those_of_the_encoder():
    assert recorded_notes({"seed": 1}) == ""
    assert recorded_notes({"data": {"photos": 3, "notes": "Mine."}}) == "Mine."
    assert recorded_notes({"data": {"notes": "Mine.", "encoder_notes": "Theirs."}}) == "Mine.\n\nTheirs."


def test_a_note_that_is_too_long_or_no_text_is_refused(tmp_path):
    note = tmp_path / "README"
    note.write_text("x" * LONGEST)
    assert len(find_notes(str(tmp_path))) == LONGEST
    note.write_text("x" * (LONGEST + 1))
    with pytest.raises(UsageError, match=f"data_dir: expected at most {LONGEST} characters in .*README"):
        find_notes(str(tmp_path))
    note.write_bytes(b"\xff\xfe\x00 licence")
    with pytest.raises(UsageError, match=r"data_notes: expected .*README to be UTF-8 text"):
        find_notes(str(tmp_path), str(note))
