"""What a scorer makes of copies that are no better and no worse, or should be worse: its limits in numbers.

    PYTHONPATH=. python benchmarks/limits.py --model=quality --photos=FOLDER

Each photo is scored beside copies of it: smaller, small and blown up again, between white or black bars, with
a soft background or a smooth half, oversharpened. The table says how often a copy scores higher, and by how
much the score moves. What the 21 edits of pre-training do to a score, `python -m aesthkeras.monotone` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
from absl import app, flags
from PIL import Image, ImageDraw, ImageFilter, ImageOps

FLAGS = flags.FLAGS
flags.DEFINE_string("model", "quality", "SavedModel of a scorer, or quality or beauty.")
flags.DEFINE_string(
    "photos", None, "Folder of photos; best photos that did not train the scorer.", required=True
)
flags.DEFINE_bool("cut_bars", False, "Leave bars out, as `score --cut_bars` does.")
flags.DEFINE_bool("bars_alone", False, "Only the copies with bars.")
flags.DEFINE_integer("most_photos", 200, "Photos at most, spread evenly over the folder.")

SMALL = 256  # pixels
AT_ONCE = 4  # photos: with their copies they fill a batch


def small(photo: Image.Image) -> Image.Image:
    factor = SMALL / min(photo.size)
    return photo.resize([round(edge * factor) for edge in photo.size], Image.Resampling.LANCZOS)


def blown_up(photo: Image.Image) -> Image.Image:
    return small(photo).resize(photo.size, Image.Resampling.BICUBIC)


def with_bars(photo: Image.Image, colour: str) -> Image.Image:
    """A quarter of the height added above and below."""
    return ImageOps.expand(photo, (0, photo.height // 4), colour)


def soft_background(photo: Image.Image) -> Image.Image:
    """Sharp in an ellipse of half the width and height; around it a Gaussian of a 50th of the edge."""
    width, height = photo.size
    radius = min(photo.size) / 50
    mask = Image.new("L", photo.size, 0)
    ImageDraw.Draw(mask).ellipse([width // 4, height // 4, 3 * width // 4, 3 * height // 4], fill=255)
    around = photo.filter(ImageFilter.GaussianBlur(radius))
    return Image.composite(photo, around, mask.filter(ImageFilter.GaussianBlur(radius)))


def smooth_half(photo: Image.Image) -> Image.Image:
    """The upper half is its mean colour, as a clear sky or mist is nearly, with a soft edge below."""
    width, height = photo.size
    colour = photo.crop((0, 0, width, height // 2)).resize((1, 1), Image.Resampling.BOX).resize(photo.size)
    mask = Image.new("L", photo.size, 0)
    mask.paste(255, (0, 0, width, height // 2))
    return Image.composite(colour, photo, mask.filter(ImageFilter.GaussianBlur(min(photo.size) / 50)))


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    f"shorter edge {SMALL} px": small,
    f"{SMALL} px, blown up to its size again": blown_up,
    "white bars above and below": lambda photo: with_bars(photo, "white"),
    "black bars above and below": lambda photo: with_bars(photo, "black"),
    "soft background": soft_background,
    "upper half smooth": smooth_half,
    "sharpened, UnsharpMask(3, 300)": lambda photo: photo.filter(ImageFilter.UnsharpMask(3, 300)),
}


def opened(paths: list[str]) -> Iterator[Image.Image]:
    """Those photos that have more pixels than the small copies."""
    for path in paths:
        with Image.open(path) as file:
            photo = ImageOps.exif_transpose(file).convert("RGB")
        if min(photo.size) > SMALL:
            yield photo


def main(_: list[str]) -> None:
    import aesthkeras
    from aesthkeras.photos.bars import without_bars
    from aesthkeras.photos.sources import find_photos

    model = aesthkeras.load(FLAGS.model)
    copiers = {name: copy for name, copy in COPIES.items() if "bars" in name or not FLAGS.bars_alone}
    paths = find_photos(FLAGS.photos)
    count = min(FLAGS.most_photos, len(paths))
    chosen = [paths[len(paths) * place // count] for place in range(count)]
    scores: list[np.ndarray] = []
    photos = opened(chosen)
    while some := list(islice(photos, AT_ONCE)):
        copies = [copied(photo) for photo in some for copied in (lambda photo: photo, *copiers.values())]
        pixels = [np.asarray(copy) for copy in copies]
        if FLAGS.cut_bars:
            pixels = [without_bars(one).numpy() for one in pixels]
        scores.append(model.score(pixels).score)
    by_photo = np.concatenate(scores).reshape(-1, 1 + len(copiers))
    print(
        f"{FLAGS.model} on {len(by_photo)} photos of {FLAGS.photos}, mean score {by_photo[:, 0].mean():.3f}\n"
    )
    print("| copy | scores higher than its photo | mean change | mean size of the change | largest |")
    print("|---|---|---|---|---|")
    for place, name in enumerate(copiers, 1):
        change = by_photo[:, place] - by_photo[:, 0]
        print(
            f"| {name} | {(change > 0).mean():.0%} | {change.mean():+.3f} | {np.abs(change).mean():.3f} "
            f"| {change[np.abs(change).argmax()]:+.3f} |"
        )


if __name__ == "__main__":
    app.run(main)
