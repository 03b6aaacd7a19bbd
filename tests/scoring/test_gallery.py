"""What a gallery holds, and that it draws on; what it looks like was looked at in a browser."""

from __future__ import annotations

import base64
import http.server
import json
import re
import shutil
import subprocess
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest

from aesthkeras.scoring import gallery
from aesthkeras.scoring.gallery import About, write_gallery
from aesthkeras.scoring.rows import Row

HOSTILE = "photos/</script><b>&\"'.jpg"


def row(number: int, path: str = "") -> Row:
    faults = {"blurred": 0.625, "noisy": 0.25} if number % 2 else {"nothing": 0.875}
    shape, pictures = (110, 165), (b"thumbnail", b"heat")
    return Row(path or f"photos/{number}.jpg", 1 - number / 1000, 3.25, faults, "", shape, *pictures)


def about(photos: int, unreadable: int = 0) -> About:
    return About("Photos of <here>", photos, unreadable, 96, "tiny", 1)


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


def test_a_small_gallery_needs_nothing_beside_it(page):
    assert Sources(page).sources == []
    assert "http" not in page
    assert "<title>Photos of &lt;here&gt;</title>" in page


def test_rows_are_in_the_page_in_their_order(page):
    assert calls(page, "index") == [
        (0, [["photos/1.jpg", 0.999, "blurred"], [HOSTILE, 0.998, "nothing"], ["photos/text.jpg", None, ""]])
    ]
    ((number, (first, second, third)),) = calls(page, "details")
    assert number == 0
    assert base64.b64decode(first["thumbnail"]) == b"thumbnail"
    assert base64.b64decode(first["heat"]) == b"heat"
    assert (first["height"], first["width"], first["rating"]) == (110, 165, 3.25)
    assert first["faults"] == [["blurred", 0.625], ["noisy", 0.25]]
    assert third == {"error": "not a JPEG"}
    assert second["file"].endswith("photos/%3C/script%3E%3Cb%3E%26%22%27.jpg")


def test_links_lead_from_the_page_to_the_photo(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("out").mkdir()
    write_gallery(Path("out/gallery.html"), [row(1, "my photos/a#1.jpg")], about(1))
    ((_, (details,)),) = calls(Path("out/gallery.html").read_text(), "details")
    assert details["file"] == "../my%20photos/a%231.jpg"


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
    assert [path for _, values in index for path, _, _ in values] == [each.path for each in rows]
    ((number, details),) = calls((side / "2.js").read_text(), "details")
    assert number == 2 and len(details) == 50 and details[0]["file"].endswith("photos/200.jpg")


# A second after the start the order changes, at a window in which the end of 60 photos stays in sight.
DRAWS_ON = """<script>
setTimeout(() => {
  of("order").value = "worst";
  of("order").dispatchEvent(new Event("input"));
  setInterval(() => { if (of("photos").children.length > 120) fetch("/drawn"); }, 100);
}, 1000);
</script></body>"""


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs the browser chromium")
def test_in_another_order_it_draws_on_while_the_end_is_in_sight(tmp_path):
    write_gallery(tmp_path / "gallery.html", [row(number) for number in range(300)], about(300))
    page = (tmp_path / "gallery.html").read_text().replace("</body>", DRAWS_ON).encode()
    asked = set()

    class Pages(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.add(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(page)

    with http.server.HTTPServer(("127.0.0.1", 0), Pages) as server:
        server.timeout = 1
        url = f"http://127.0.0.1:{server.server_port}/"
        flags = f"--headless --no-sandbox --remote-debugging-port=0 --user-data-dir={tmp_path / 'profile'}"
        with open(tmp_path / "log", "wb") as log:
            words = ["chromium", *flags.split(), "--window-size=1500,6000", url]
            browser = subprocess.Popen(words, stdout=log, stderr=log)
        end = time.monotonic() + 20
        while "/drawn" not in asked and time.monotonic() < end:
            server.handle_request()
        browser.terminate()
        browser.wait(10)
    assert "/drawn" in asked
