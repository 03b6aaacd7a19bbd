"""Rows of a gallery, and a browser that opens its page as a person does."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aesthkeras.scoring.gallery import About
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


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Chromium, driven by Selenium; what it downloads is in its `downloads`."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("needs the browser chromium and its chromedriver (Debian: chromium-driver)")
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium, of the extra [test]")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    profile, downloads = tmp_path_factory.mktemp("profile"), tmp_path_factory.mktemp("downloads")
    for flag in [*FLAGS, f"user-data-dir={profile}"]:
        options.add_argument(f"--{flag}")
    # a person is asked whether to keep a script
    prefs = {"download.default_directory": str(downloads), "safebrowsing.enabled": True}
    options.add_experimental_option("prefs", prefs)
    found = webdriver.Chrome(options, webdriver.ChromeService(driver))
    found.set_script_timeout(30)
    found.downloads = downloads
    yield found
    found.quit()
