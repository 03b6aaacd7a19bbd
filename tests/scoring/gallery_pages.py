"""Rows of a gallery, and a browser that opens its page as a person does."""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from aesthkeras.photos.sources import sample_photos
from aesthkeras.scoring.gallery import About, write_gallery
from aesthkeras.scoring.rows import Row

STAYS_OFFLINE = ["disable-background-networking", "disable-component-update", "disable-sync", "disable-quic"]
FLAGS = ["headless", "no-sandbox", "disable-gpu", "no-first-run", "window-size=1500,900", *STAYS_OFFLINE]


def row(number: int, path: str = "", **facts: Any) -> Row:
    faults = {"blurred": 0.625, "noisy": 0.25} if number % 2 else {"nothing": 0.875}
    shape, pictures = (110, 165), (b"thumbnail", b"heat")
    return Row(path or f"photos/{number}.jpg", 1 - number / 1000, 3.25, faults, "", shape, *pictures, **facts)


def about(photos: int, unreadable: int = 0) -> About:
    return About("Photos of <here>", photos, unreadable, 96, "tiny", 1)


class Page:
    """A page in the browser, which keeps marks for the page's own path.

    Args:
        browser: Selenium's driver.
        path: of the page.
        window: its width and height in pixels.
    """

    def __init__(self, browser: Any, path: Path, window: tuple[int, int] = (1500, 900)) -> None:
        self.browser = browser
        browser.set_window_size(*window)
        self.path = path
        browser.get(path.as_uri())

    def open_again(self) -> None:
        self.browser.refresh()

    def says(self, script: str) -> Any:
        """What an expression of JavaScript comes to; a promise is awaited."""
        return self.browser.execute_script(f"return (async () => ({script}))()")

    def until(self, script: str) -> None:
        """Waits until an expression is true."""
        deadline = time.monotonic() + 30
        while not self.says(script):
            assert time.monotonic() < deadline, f"not yet: {script}"
            time.sleep(0.02)

    def press(self, *keys: str) -> None:
        """Keys for what has the focus; words are names of special keys, such as ARROW_LEFT."""
        from selenium.webdriver import ActionChains, Keys

        actions = ActionChains(self.browser)
        for key in keys:
            actions.send_keys(getattr(Keys, key) if len(key) > 1 else key)
        actions.perform()

    def click(self, selector: str) -> None:
        self.browser.find_element("css selector", selector).click()

    def select(self, selector: str, value: str) -> None:
        from selenium.webdriver.support.select import Select

        Select(self.browser.find_element("css selector", selector)).select_by_value(value)

    def focus(self) -> str:
        """Name of the photo that has the focus, empty for another element."""
        return self.says("document.activeElement.matches('.card') ? found[current].name : ''")

    def said(self) -> str:
        """What a screen reader was last told."""
        return self.says("document.querySelector('.said').textContent")

    def names(self) -> list[str]:
        """Of the photos in the grid, in their order."""
        return self.says("found.map(photo => photo.name)")


Opens = Callable[..., Page]


@pytest.fixture
def opens(browser, tmp_path) -> Opens:
    """Opens a gallery of rows, of which those with an error come last."""

    def open_page(rows: Sequence[Row], window: tuple[int, int] = (1500, 900)) -> Page:
        unreadable = sum(bool(row.error) for row in rows)
        (tmp_path / "pages").mkdir(exist_ok=True)
        write_gallery(tmp_path / "pages" / "gallery.html", rows, about(len(rows), unreadable))
        page = Page(browser, tmp_path / "pages" / "gallery.html", window)
        page.until("drawn > 0")
        return page

    return open_page


def marks(page: Page) -> list[str]:
    return page.says("photos.map(photo => photo.mark)")


def photo_row(path: Path, score: float, **facts: Any) -> Row:
    """Of a photo that is there, 165 x 110 pixels as the scorer sees it."""
    small = io.BytesIO()
    with Image.open(sample_photos()[0]) as photo:
        photo.convert("RGB").resize((660, 440)).save(path, "JPEG")
        photo.convert("RGB").resize((165, 110)).save(small, "JPEG")
    return Row(str(path), score, None, {}, "", (110, 165), small.getvalue(), b"heat", **facts)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Chromium, driven by Selenium; what it downloads is in its `downloads`."""
    if not shutil.which("chromium") or not shutil.which("chromedriver"):
        pytest.skip("needs the browser chromium and its chromedriver (Debian: chromium-driver)")
    pytest.importorskip("selenium.webdriver", reason="needs selenium, of the extra [test]")
    profile, downloads = tmp_path_factory.mktemp("profile"), tmp_path_factory.mktemp("downloads")
    # a person is asked whether to keep a script
    prefs = {"download.default_directory": str(downloads), "safebrowsing.enabled": True}
    found = start_browser(profile, prefs)
    found.downloads = downloads
    yield found
    found.quit()


def start_browser(
    profile: Path, prefs: Mapping[str, object] | None = None, more_flags: Sequence[str] = ()
) -> Any:
    """Starts Chromium, driven by Selenium, which stays offline.

    Args:
        profile: an empty folder for what it keeps.
        prefs: of Chromium, by name.
        more_flags: of its command line, without the dashes.
    """
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in [*FLAGS, *more_flags, f"user-data-dir={profile}"]:
        options.add_argument(f"--{flag}")
    options.add_experimental_option("prefs", dict(prefs or {}))
    found = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    found.set_script_timeout(30)
    return found
