"""Rows of a gallery, and what its page answers when a browser has opened it."""

from __future__ import annotations

import functools
import http.server
import json
import queue
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from aesthkeras.scoring.gallery import About
from aesthkeras.scoring.rows import Row

needs_chromium = pytest.mark.skipif(not shutil.which("chromium"), reason="needs the browser chromium")


def row(number: int, path: str = "") -> Row:
    faults = {"blurred": 0.625, "noisy": 0.25} if number % 2 else {"nothing": 0.875}
    shape, pictures = (110, 165), (b"thumbnail", b"heat")
    return Row(path or f"photos/{number}.jpg", 1 - number / 1000, 3.25, faults, "", shape, *pictures)


def about(photos: int, unreadable: int = 0) -> About:
    return About("Photos of <here>", photos, unreadable, 96, "tiny", 1)


# Asks the page something after it has started, and posts the answer to `answer_of`.
ASKS = """<script>
const pause = milliseconds => new Promise(done => setTimeout(done, milliseconds));
const until = async condition => { while (!condition()) await pause(20); };
const cards = () => [...document.querySelectorAll(".card")];
const label = card => card.getAttribute("aria-label").split(",")[0];
(async () => {
  await pause(100);
  const said = await (async () => { %s })();
  await fetch("/answer", {method: "POST", body: JSON.stringify(said)});
})();
</script></body>"""


def answer_of(page: Path, script: str, window: str = "1500,900") -> Any:
    """What a script says in a page that the browser has loaded from a server of the page's folder."""
    asking = page.with_name(f"asked {page.name}")
    asking.write_text(page.read_text().replace("</body>", ASKS % script))
    answers: queue.Queue[Any] = queue.Queue()

    class Pages(http.server.SimpleHTTPRequestHandler):
        def do_POST(self) -> None:
            answers.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    pages = functools.partial(Pages, directory=page.parent)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), pages) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        flags = ["--headless", "--no-sandbox", "--remote-debugging-port=0", f"--window-size={window}"]
        profile, url = page.parent / ".profile", f"http://127.0.0.1:{server.server_port}/{quote(asking.name)}"
        words = ["chromium", *flags, f"--user-data-dir={profile}", url]
        browser = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            return answers.get(timeout=60)
        finally:
            browser.terminate()
            browser.wait(10)
            server.shutdown()
