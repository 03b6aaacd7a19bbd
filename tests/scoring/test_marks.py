"""Picks and rejects of a gallery: set by key, kept, and taken out."""

from __future__ import annotations

import csv
import io
import os
import subprocess
from pathlib import Path
from time import sleep

from tests.scoring.gallery_pages import Page, marks, row


def test_keys_mark_and_the_marks_are_there_when_the_page_is_opened_again(opens):
    page = opens([row(number) for number in range(5)])
    page.says("focusOn(0)")
    page.press("p", "ARROW_RIGHT", "x", "ARROW_RIGHT", "P", "X", "u")  # capitals go on to the next
    assert marks(page) == ["pick", "reject", "pick", "reject", ""]
    assert page.focus() == "4.jpg"
    assert (
        page.says("found[0].card.getAttribute('aria-label')")
        == "0.jpg, score 1.000, nothing seems wrong, pick"
    )
    page.browser.refresh()
    assert marks(page) == ["pick", "reject", "pick", "reject", ""]
    assert "✕ reject" in page.says("found[1].card.innerText")
    page.says("focusOn(0)")
    page.press("u")
    page.browser.refresh()
    assert marks(page) == ["", "reject", "pick", "reject", ""]


def test_a_photo_is_marked_where_it_is_seen_large(opens):
    page = opens([row(number) for number in range(3)])
    page.says("focusOn(0)")
    page.press("ENTER")
    page.until("of('dialog').open")
    page.click("#dialog [data-mark=reject]")
    page.press("P")
    page.until("open === 1")
    page.press("x")
    assert marks(page) == ["pick", "reject", ""]
    assert (
        page.says("document.querySelector('#dialog [data-mark=reject]').getAttribute('aria-pressed')")
        == "true"
    )
    page.click("#dialog [data-mark=reject]")
    assert marks(page) == ["pick", "", ""]


def test_marks_of_another_window_are_seen(opens):
    page = opens([row(number) for number in range(3)])
    first = page.browser.current_window_handle
    page.browser.switch_to.new_window("tab")
    page.browser.get((page.path).as_uri())
    page.says("setMark(photos[1], 'pick')")
    page.browser.close()
    page.browser.switch_to.window(first)
    page.until("photos[1].mark === 'pick'")
    assert "pick" in page.says("found[1].card.getAttribute('aria-label')")


def test_marks_filter(opens):
    page = opens([row(number) for number in range(4)])
    page.says("focusOn(0)")
    page.press("P", "X", "P")
    shown = {}
    for mark in ["pick", "reject", "none", "kept", ""]:
        page.select("#marked", mark)
        shown[mark] = page.names()
    zero, one, two, three = [f"{number}.jpg" for number in range(4)]
    assert shown == {
        "pick": [zero, two],
        "reject": [one],
        "none": [three],
        "kept": [zero, two, three],
        "": [zero, one, two, three],
    }


NAMES = [
    "it's.jpg",
    'a "b" $(touch x) `y` \\.jpg',
    "two\nlines.jpg",
    "-n.jpg",
    os.fsdecode(b"caf\xe9.jpg"),
    "día ☀.jpg",
]


def downloaded(page: Page, kind: str, name: str) -> Path:
    """What the button of an export puts into the folder of downloads."""
    file = page.browser.downloads / name
    file.unlink(missing_ok=True)
    page.says("tally()")
    page.says("of('menu').open || of('menu').showModal()")
    page.click(f"[data-export={kind}]")
    for _ in range(1000):
        if file.exists() and file.stat().st_size:  # an empty file holds the name until all is there
            return file
        sleep(0.02)
    raise AssertionError(f"no {name} in {os.listdir(page.browser.downloads)}")


def test_the_script_copies_picks_of_any_name_and_overwrites_nothing(opens, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = [f"photos/{name}" for name in NAMES]
    paths += [
        "photos/other/It's.jpg",
        str(tmp_path / "absolute.jpg"),
        "photos/gone.jpg",
        "photos/not picked.jpg",
    ]
    (tmp_path / "photos" / "other").mkdir(parents=True)
    for path in paths:
        if "gone" not in path:
            Path(path).write_text(path.encode("utf-8", "surrogateescape").hex())
    page = opens([row(number, path) for number, path in enumerate(paths)])
    page.says("photos.slice(0, -1).forEach(photo => setMark(photo, 'pick'))")
    script = downloaded(page, "script", "gallery picks.sh")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "-my folder").mkdir()
    (elsewhere / "-my folder" / "-n.jpg").write_text("was here")

    def run() -> tuple[int, str]:
        done = subprocess.run(["sh", script, "-my folder"], cwd=elsewhere, capture_output=True)
        return done.returncode, os.fsdecode(done.stderr)

    status, said = run()
    assert status == 1 and "gone.jpg" in said and "there already: -n.jpg" in said
    copies = [*NAMES, "It's (2).jpg", "absolute.jpg"]
    assert sorted(os.listdir(elsewhere / "-my folder")) == sorted(copies)
    assert os.listdir(elsewhere) == ["-my folder"]
    for name, path in zip(copies, paths):
        expected = "was here" if name == "-n.jpg" else path.encode("utf-8", "surrogateescape").hex()
        assert (elsewhere / "-my folder" / name).read_text() == expected
    assert run()[1].count("there already") == len(copies)
    subprocess.run(["sh", script], cwd=elsewhere, capture_output=True, check=False)
    assert sorted(os.listdir(elsewhere / "chosen")) == sorted(copies)


def test_marks_come_out_as_a_list_and_as_csv(opens):
    paths = ["photos/plain.jpg", 'photos/a, "b".jpg', *(f"photos/{name}" for name in NAMES)]
    page = opens([row(number, path) for number, path in enumerate(paths)])
    page.says("photos.forEach(photo => setMark(photo, photo.place ? 'pick' : 'reject'))")
    said = downloaded(page, "list", "gallery picks.txt").read_bytes()
    assert said == b"".join(os.fsencode(path) + b"\n" for path in paths[1:] if "\n" not in path)
    assert page.said().startswith("1 path with a line break cannot stand in a list")
    page.select("#taken", "reject")
    assert downloaded(page, "list", "gallery rejects.txt").read_text() == "photos/plain.jpg\n"
    page.select("#taken", "both")
    text = downloaded(page, "table", "gallery marks.csv").read_bytes().decode("utf-8", "surrogateescape")
    lines = list(csv.reader(io.StringIO(text, newline="")))
    assert lines[0] == ["path", "mark", "score", "rating", "seems_wrong"]
    assert lines[1] == ["photos/plain.jpg", "reject", "1", "3.25", "nothing"]
    assert [line[0] for line in lines[1:]] == paths
    assert lines[2][1:] == ["pick", "0.999", "3.25", "blurred"]
