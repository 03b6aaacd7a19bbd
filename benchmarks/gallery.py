"""Time from opening a gallery's page to its first cards, in headless Chromium.

    PYTHONPATH=. python benchmarks/gallery.py

It needs selenium, chromium and chromedriver. Thumbnails are noise; scores, names, dates and
bursts are made up.
"""

from __future__ import annotations

import argparse
import io
import random
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from aesthkeras.scoring.gallery import About, write_gallery
from aesthkeras.scoring.rows import Row
from tests.scoring.gallery_pages import start_browser

FAULTS = ["blurred", "noisy", "nothing", "underexposed"]


def jpeg(draw: random.Random) -> bytes:
    """A thumbnail of 220 x 147 pixels, some 6 kB as those of photos are."""
    small = np.frombuffer(draw.randbytes(44 * 30 * 3), np.uint8).reshape(30, 44, 3)
    file = io.BytesIO()
    Image.fromarray(small).resize((220, 147)).save(file, "JPEG", quality=80)
    return file.getvalue()


def made_up(count: int) -> Iterator[Row]:
    """Rows from best to worst, three in ten of them in bursts."""
    draw = random.Random(0)
    thumbnails = [jpeg(draw) for _ in range(50)]
    for number in range(count):
        group = str(number // 10) if number % 10 < 3 else ""
        yield Row(
            f"2024/a folder of photos/IMG_{number:05}.jpg",
            1 - number / count,
            5 - 4 * number / count,
            {draw.choice(FAULTS): 0.7, "banded": 0.2},
            "",
            (256, 384),
            draw.choice(thumbnails),
            draw.choice(thumbnails),
            6000,
            4000,
            f"2024-05-{1 + number % 28:02}T10:{number % 60:02}:00",
            group,
            bool(group) and number % 10 == 0,
        )


# Milliseconds since the navigation began; a card is whole when its pictures are in it.
FIRST_CARDS = """const done = arguments[0];
const look = () => document.querySelector(".card.whole") ? done(performance.now()) : setTimeout(look, 1);
look();"""
TIMED = """const begin = performance.now(); %s; return performance.now() - begin;"""
ACTIONS = {
    "filter by name": "of('name').value = '7'; filter()",
    "no filter": "of('name').value = ''; filter()",
    "order by name": "of('order').value = 'name'; filter()",
    "fold bursts": "of('order').value = 'best'; of('fold').checked = true; filter()",
    "mark a photo": "setMark(found[0], 'pick')",
}


def open_once(driver: Any, page: Path) -> tuple[float, float]:
    """Milliseconds to the first cards: by the clock, and of work of the page's own thread."""
    driver.get("about:blank")
    before = thread_time(driver)
    driver.get(page.as_uri())
    return driver.execute_async_script(FIRST_CARDS), thread_time(driver) - before


def thread_time(driver: Any) -> float:
    said = driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return 1000 * next(metric["value"] for metric in said if metric["name"] == "TaskDuration")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, nargs="+", default=[1500, 20000])
    parser.add_argument("--marked", type=int, default=2000, help="photos marked before")
    parser.add_argument("--rounds", type=int, default=7)
    flags = parser.parse_args()
    driver = start_browser(Path(tempfile.mkdtemp()))
    driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
    for count in flags.photos:
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "gallery.html"
            write_gallery(page, made_up(count), About("Made up", count, 0, 224, "none", 1))
            driver.get(page.as_uri())
            driver.execute_script(f"for (const photo of photos.slice(0, {flags.marked})) keep(photo, 'pick')")
            opened, busy = zip(*(open_once(driver, page) for _ in range(flags.rounds)))
            least, most = min(opened), max(opened)
            print(f"{count} photos, {flags.marked} of them marked: first cards after", end=" ")
            print(f"{statistics.median(opened):.0f} ms ({least:.0f} to {most:.0f})", end=", ")
            print(f"for which the page's thread worked {statistics.median(busy):.0f} ms")
            for name, action in ACTIONS.items():
                took = statistics.median(driver.execute_script(TIMED % action) for _ in range(flags.rounds))
                print(f"  {name}: {took:.0f} ms")
    driver.quit()


if __name__ == "__main__":
    main()
