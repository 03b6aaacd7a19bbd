"""The screenshots of `docs/culling.md`: photos are made, scored by the command, and looked at in Chromium.

    PYTHONPATH=. python benchmarks/screenshots.py
    python benchmarks/screenshots.py --photos=holiday

The first needs selenium, chromium and chromedriver. The photos are those of scikit-image that are in the
public domain or under CC0, so that pictures of the page may be shown; each is made into a burst, some of it
spoiled.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import skimage.data
from PIL import Image, ImageEnhance, ImageFilter

from tests.scoring.gallery_pages import start_browser

# Each in the public domain or CC0, as `skimage.data` says: NASA, SpaceX, and the photographers themselves.
FREE = ["astronaut", "camera", "chelsea", "coffee", "hubble_deep_field", "rocket"]
DESKTOP, PHONE = (1280, 800), (390, 780)


def make_photos(folder: Path) -> None:
    """Four crops of each photo, as a hand that moves a little takes them: one blurred, one too dark."""
    folder.mkdir()
    for day, name in enumerate(FREE, 1):
        photo = Image.fromarray(getattr(skimage.data, name)()).convert("RGB")
        for shot in range(4):
            edge = 4 * shot
            frame = photo.crop((edge, edge, photo.width - 12 + edge, photo.height - 12 + edge))
            if shot == 2:
                frame = frame.filter(ImageFilter.GaussianBlur(2.5))
            if shot == 3:
                frame = ImageEnhance.Brightness(frame).enhance(0.45)
            exif = Image.Exif()
            exif.get_ifd(0x8769)[0x9003] = f"2026:08:{day:02} 10:30:{2 * shot:02}"  # taken
            frame.save(folder / f"{name}_{shot + 1}.jpg", quality=92, exif=exif)


class Screen:
    """A browser's window whose size and theme are chosen, and which is saved as WebP."""

    def __init__(self, page: Path, out: Path) -> None:
        self.driver: Any = start_browser(Path(tempfile.mkdtemp()), more_flags=["hide-scrollbars"])
        self.page, self.out = page, out

    def open(self, size: tuple[int, int], theme: str) -> None:
        """Opens the page anew; its marks stay."""
        width, height = size
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        features = [{"name": "prefers-color-scheme", "value": theme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        self.driver.get(self.page.as_uri())
        time.sleep(1)

    def press(self, *keys: str) -> None:
        """Letters, or names of special keys such as ARROW_UP."""
        from selenium.webdriver import ActionChains, Keys

        actions = ActionChains(self.driver)
        for key in keys:
            actions.send_keys(getattr(Keys, key) if len(key) > 1 else key)
        actions.perform()

    def run(self, script: str) -> None:
        self.driver.execute_script(script)

    def save(self, name: str) -> None:
        time.sleep(1)
        self.driver.save_screenshot(str(self.out / "screen.png"))
        with Image.open(self.out / "screen.png") as picture:
            picture.convert("RGB").save(self.out / f"{name}.webp", quality=70, method=6)
        os.unlink(self.out / "screen.png")


def take_all(screen: Screen) -> None:
    screen.open(DESKTOP, "light")
    screen.run("focusOn(0)")
    screen.press("P", "X", "P", "X", "HOME")
    screen.save("gallery")
    screen.run("of('name').value = 'chelsea'; filter(); focusOn(0)")
    screen.press(" ", "ARROW_RIGHT", " ", "ARROW_RIGHT", " ", "c")
    time.sleep(1)
    screen.press("+", "+", "+", "ARROW_UP")
    screen.save("side-by-side")
    screen.open(DESKTOP, "dark")
    screen.run("of('fold').click(); focusOn(0)")
    screen.save("folded-dark")
    screen.open(PHONE, "light")
    screen.run("show(0)")
    screen.save("phone")
    screen.driver.quit()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("docs/screenshots"), help="folder of the pictures")
    parser.add_argument("--photos", type=Path, help="make the photos only, in this folder")
    flags = parser.parse_args()
    if flags.photos:
        make_photos(flags.photos)
        return
    out = flags.out.resolve()
    out.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        make_photos(Path(work) / "holiday")
        words = [sys.executable, "-m", "aesthkeras.score", "holiday", "--model=quality", "--out=gallery.html"]
        paths = os.pathsep.join(filter(None, [os.getcwd(), os.environ.get("PYTHONPATH")]))
        subprocess.run(words, cwd=work, check=True, env={**os.environ, "PYTHONPATH": paths})
        take_all(Screen(Path(work) / "gallery.html", out))


if __name__ == "__main__":
    main()
