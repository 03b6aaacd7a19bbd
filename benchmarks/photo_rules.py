"""How often the rules on pixels are wrong: photos called none, bars that are none, and what is missed.

    PYTHONPATH=. python benchmarks/photo_rules.py --photos=FOLDER,FOLDER --not_photos=FOLDER

The photos are taken for photos without bars: whatever a rule finds among them is an error, and is named.
Pages of text, screenshots, diagrams, drawings and noise are made here, each as PNG, as JPEG, smaller, and
smaller as JPEG.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from absl import app, flags
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont
from tqdm import tqdm

FLAGS = flags.FLAGS
flags.DEFINE_list("photos", None, "Folders of photos.", required=True)
flags.DEFINE_string("not_photos", "", "Folder of files that are no photos; empty for those made here alone.")

WORDS = "the light of a window falls on an old table where nobody sits and reads what was written there"


def font(size: int, name: str = "DejaVu Sans") -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font_manager.findfont(name), size)


def text(size: tuple[int, int], name: str, points: int, ink: str, paper: str) -> Image.Image:
    image, words = Image.new("RGB", size, paper), WORDS.split()
    draw, letters, chance = ImageDraw.Draw(image), font(points, name), np.random.default_rng(0)
    for top in range(2 * points, size[1] - 3 * points, int(1.4 * points)):
        line = " ".join(chance.choice(words, 40))
        while draw.textlength(line, letters) > size[0] - 4 * points:
            line = line.rpartition(" ")[0]
        draw.text((2 * points, top), line, ink, letters)
    return image


def diagram() -> Image.Image:
    figure, axes = plt.subplots(2, 2, figsize=(12, 8))
    chance, places = np.random.default_rng(0), np.linspace(0, 9)
    axes[0, 0].plot(places, np.sin(places))
    axes[0, 1].bar(range(5), [3, 1, 4, 1, 5])
    axes[1, 0].scatter(*chance.random((2, 80)))
    axes[1, 1].hist(chance.normal(size=500), 30)
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()
    plt.close(figure)
    return Image.fromarray(pixels)


def window() -> Image.Image:
    image = Image.new("RGB", (1280, 800), "#ececf0")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 1280, 60), "#3c6eb4")
    for row in range(8):
        for column in range(5):
            left, top = 40 + 240 * column, 90 + 85 * row
            draw.rounded_rectangle((left, top, left + 210, top + 70), 8, "#ffffff", "#c8c8cd")
            draw.text((left + 12, top + 12), f"Item {row}.{column}", "#505050", font(16))
    return image


def slide() -> Image.Image:
    shades = np.linspace(30, 90, 720)[:, np.newaxis, np.newaxis] + [0, 0, 60] + np.zeros((720, 1280, 3))
    image = Image.fromarray(shades.astype(np.uint8))
    ImageDraw.Draw(image).text((300, 300), "Presentation of results", "white", font(40))
    return image


def drawing() -> Image.Image:
    image, chance = Image.new("RGB", (1024, 768), "white"), np.random.default_rng(0)
    for _ in range(60):
        (left, top), (width, height) = chance.integers(0, 900, 2), chance.integers(20, 300, 2)
        colour = tuple(int(level) for level in chance.integers(0, 256, 3))
        box = (int(left), int(top), int(left + width), int(top + height))
        ImageDraw.Draw(image).ellipse(box, colour, "black", 3)
    return image


def noise(is_gray: bool) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (480, 640, 1 if is_gray else 3), np.uint8)
    return Image.fromarray(np.broadcast_to(pixels, (480, 640, 3)).copy())


MADE: dict[str, Callable[[], Image.Image]] = {
    "page": lambda: text((1240, 1754), "DejaVu Serif", 24, "black", "white"),
    "page of small print": lambda: text((800, 1100), "DejaVu Sans", 12, "#1e1e1e", "#fafaf5"),
    "terminal": lambda: text((1000, 800), "DejaVu Sans Mono", 14, "#c8dcc8", "#14181e"),
    "poster": lambda: text((1600, 900), "DejaVu Sans", 72, "white", "#285aa0"),
    "diagram": diagram,
    "window": window,
    "slide": slide,
    "drawing": drawing,
    "coloured noise": lambda: noise(False),
    "gray noise": lambda: noise(True),
    "one colour": lambda: Image.new("RGB", (640, 480), "#5a7828"),
}


def as_jpeg(image: Image.Image, quality: int) -> Image.Image:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return Image.open(out).convert("RGB")


def smaller(image: Image.Image, factor: float) -> Image.Image:
    edges = [round(edge * factor) for edge in image.size]
    return image.resize((edges[0], edges[1]), Image.Resampling.LANCZOS)


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "PNG": lambda image: image,
    "JPEG 95": lambda image: as_jpeg(image, 95),
    "JPEG 75": lambda image: as_jpeg(image, 75),
    "half the size": lambda image: smaller(image, 0.5),
    "0.7 of the size, JPEG 85": lambda image: as_jpeg(smaller(image, 0.7), 85),
}


def is_none(pixels: np.ndarray) -> bool:
    from aesthkeras.culling.glimpses import spread_squares
    from aesthkeras.culling.not_photos import is_hardly_a_photo

    return is_hardly_a_photo(spread_squares(tf.constant(pixels)).numpy())


def errors(paths: list[str]) -> Iterator[tuple[str, str]]:
    """The photos that a rule is wrong about, and which."""
    from aesthkeras.photos.bars import without_bars

    signature = [tf.TensorSpec([None, None, 3], tf.uint8)]
    cut = tf.function(without_bars, input_signature=signature, autograph=False)
    for path in tqdm(paths, unit="photo"):
        with Image.open(path) as file:
            pixels = np.asarray(file.convert("RGB"))
        if is_none(pixels):
            yield path, "hardly a photo"
        left = cut(pixels).numpy().shape
        if left != pixels.shape:
            yield path, f"cut from {pixels.shape[1]} x {pixels.shape[0]} to {left[1]} x {left[0]}"


def main(_: list[str]) -> None:
    from aesthkeras.photos.sources import find_photos

    paths = [path for folder in FLAGS.photos for path in find_photos(folder)]
    for path, why in errors(paths):
        print(f"{path}: {why}")
    print(f"of {len(paths)} photos\n\n| | {' | '.join(COPIES)} |\n|---|{'---|' * len(COPIES)}")
    for name, make in MADE.items():
        found = [is_none(np.asarray(copy(make()))) for copy in COPIES.values()]
        print(f"| {name} | {' | '.join('found' if one else 'missed' for one in found)} |")
    for path in find_photos(FLAGS.not_photos) if FLAGS.not_photos else []:
        with Image.open(path) as file:
            found = is_none(np.asarray(file.convert("RGB")))
        print(f"{os.path.basename(path)}: {'found' if found else 'missed'}")


if __name__ == "__main__":
    app.run(main)
