"""What a gallery holds; what it does, `test_gallery_in_browser.py` asks."""

from __future__ import annotations

import base64
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from aesthkeras.scoring import gallery
from aesthkeras.scoring.gallery import write_gallery
from aesthkeras.scoring.rows import Row
from tests.scoring.gallery_pages import about, row

HOSTILE = "photos/</script><b>&\"'.jpg"


def calls(text: str, function: str) -> list[tuple[int, list]]:
    """The (number, values) of each call of `function` in the page or in one of its files."""
    found = re.findall(rf"(?:^|>|;){function}\((\d+),(\[.*?\])\);", text, re.M)
    return [(int(number), json.loads(values)) for number, values in found]


class Sources(HTMLParser):
    """What a page would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [str(value) for name, value in attrs if name in ("src", "href")]


@pytest.fixture
def page(tmp_path) -> str:
    rows = [row(1), row(2, HOSTILE), Row("photos/text.jpg", error="not a JPEG")]
    write_gallery(tmp_path / "gallery.html", rows, about(3, 1))
    assert [path.name for path in tmp_path.iterdir()] == ["gallery.html"]
    return (tmp_path / "gallery.html").read_text()


def test_scored_are_those_that_could_be_read(page):
    assert "2 photos scored by tiny; 1 could not be read." in page


def test_a_small_gallery_needs_nothing_beside_it(page):
    assert Sources(page).sources == []
    assert "http" not in page
    assert "<title>Photos of &lt;here&gt;</title>" in page


def test_rows_are_in_the_page_in_their_order(page):
    assert calls(page, "index") == [
        (
            0,
            [
                ["photos/1.jpg", 0.999, "blurred", 3.25, "", 0, 0, "", False],
                [HOSTILE, 0.998, "nothing", 3.25, "", 0, 0, "", False],
                ["photos/text.jpg", None, "", None, "", 0, 0, "", False],
            ],
        )
    ]
    ((number, (first, second, third)),) = calls(page, "details")
    assert number == 0
    assert base64.b64decode(first["thumbnail"]) == b"thumbnail"
    assert base64.b64decode(first["heat"]) == b"heat"
    assert (first["height"], first["width"]) == (110, 165)
    assert first["faults"] == [["blurred", 0.625], ["noisy", 0.25]]
    assert third == {"error": "not a JPEG"}
    assert second["file"].endswith("photos/%3C/script%3E%3Cb%3E%26%22%27.jpg")


def test_links_lead_from_the_page_to_the_photo(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("out").mkdir()
    write_gallery(Path("out/gallery.html"), [row(1, "my photos/a#1.jpg")], about(1))
    ((_, (details,)),) = calls(Path("out/gallery.html").read_text(), "details")
    assert details["file"] == details["shown"] == "../my%20photos/a%231.jpg"


def test_a_photo_without_its_bars_is_shown_as_it_was_scored(tmp_path):
    cut = row(1, "film.jpg")._replace(read_as="without its bars")
    write_gallery(tmp_path / "gallery.html", [cut], about(1))
    ((_, (details,)),) = calls((tmp_path / "gallery.html").read_text(), "details")
    # the page then takes the thumbnail
    assert details["shown"] == "" and details["file"].endswith("film.jpg")
    assert details["readAs"] == "without its bars"


def test_a_large_gallery_keeps_pictures_in_files_beside_it(tmp_path, monkeypatch):
    monkeypatch.setattr(gallery, "EMBEDDED", 10)
    (tmp_path / "all photos_files").mkdir()
    (tmp_path / "all photos_files" / "99.js").write_text("of an earlier gallery")
    rows = [row(number) for number in range(250)]
    write_gallery(tmp_path / "all photos.html", iter(rows), about(250))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all photos.html", "all photos_files"]
    side = tmp_path / "all photos_files"
    assert sorted(path.name for path in side.iterdir()) == ["0.js", "1.js", "2.js", "index.js"]
    page = (tmp_path / "all photos.html").read_text()
    assert Sources(page).sources == ["all%20photos_files/index.js"]
    assert 'SIDE = "all%20photos_files"' in page
    index = calls((side / "index.js").read_text(), "index")
    assert [(number, len(values)) for number, values in index] == [(0, 100), (1, 100), (2, 50)]
    assert [path for _, values in index for path, *_ in values] == [each.path for each in rows]
    ((number, details),) = calls((side / "2.js").read_text(), "details")
    assert number == 2 and len(details) == 50 and details[0]["file"].endswith("photos/200.jpg")


LIGHTEST = 4.5  # the least contrast of text that WCAG 2 AA allows


def luminance(colour: str) -> float:
    """Relative luminance of `#rgb` or `#rrggbb`, as WCAG 2 defines it."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_text_is_told_from_its_ground_by_light_and_by_dark(page):
    assert contrast("#000", "#fff") == pytest.approx(21)
    light, dark = (
        dict(re.findall(r"--(\w+): (#\w+)", part)) for part in re.findall(r":root \{([^}]*)\}", page)[:2]
    )
    assert set(dark) == set(light) - {"for", "against"}
    style = page.split("<style>")[1].split("</style>")[0]
    written = set(re.findall(r"[; {]color: var\(--(\w+)\)", style))
    assert written == {"ink", "quiet", "wrong", "accent"}
    for colours in (light, dark):
        for text in written:
            for ground in ("page", "card"):
                assert contrast(colours[text], colours[ground]) >= LIGHTEST, (text, ground)
