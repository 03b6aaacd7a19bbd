"""How far apart the hashes of a burst's photos are, and how often unrelated photos come as near.

    PYTHONPATH=. python benchmarks/bursts.py --photos=FOLDER,FOLDER

Bursts are made from single photos: the frame moves, turns a little, the exposure changes, or all of it. The
table says which share of such pairs, and of all pairs of different photos, differ in so many bits or fewer.
"""

from __future__ import annotations

import numpy as np
from absl import app, flags
from PIL import Image, ImageEnhance, ImageOps
from tqdm import tqdm

from aesthkeras.culling.perceptual import THUMBNAIL, differing_bits, perceptual_hashes

FLAGS = flags.FLAGS
flags.DEFINE_list("photos", None, "Folders of photos.", required=True)
flags.DEFINE_integer("burst_photos", 800, "Photos that bursts are made from, spread evenly.")

KINDS = {  # the frame's move in shares of the edge, its turn in degrees, a factor of the exposure in stops
    "moved by up to 2%": (0.02, 0, 0),
    "moved by up to 5%": (0.05, 0, 0),
    "moved by up to 10%": (0.1, 0, 0),
    "turned by up to 2 degrees": (0, 2, 0),
    "exposure by up to 0.5 stops": (0, 0, 0.5),
    "moved 5%, turned 2 degrees, 0.5 stops": (0.05, 2, 0.5),
}
MARGIN = 0.12  # of each edge, left around both photos of a pair, so that what turns or moves has no border
BITS = (2, 4, 6, 8, 10, 12, 14, 16, 18, 20)


def opened(path: str) -> Image.Image:
    with Image.open(path) as file:
        photo = ImageOps.exif_transpose(file).convert("RGB")
    photo.thumbnail((512, 512), Image.Resampling.BOX)
    return photo


def framed(photo: Image.Image, across: float, down: float) -> Image.Image:
    width, height = photo.size
    left, top = (MARGIN + across) * width, (MARGIN + down) * height
    box = (left, top, left + (1 - 2 * MARGIN) * width, top + (1 - 2 * MARGIN) * height)
    return photo.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX, box=box)


def shots(photo: Image.Image, chance: np.random.Generator) -> list[Image.Image]:
    """The photo, and one shot of each kind."""
    found = [framed(photo, 0, 0)]
    for move, turn, stops in KINDS.values():
        shot = photo.rotate(chance.uniform(-turn, turn), Image.Resampling.BICUBIC) if turn else photo
        if stops:
            shot = ImageEnhance.Brightness(shot).enhance(2 ** chance.uniform(-stops, stops))
        found.append(framed(shot, *chance.uniform(-move, move, 2)))
    return found


def unrelated(hashes: np.ndarray) -> np.ndarray:
    """How many pairs of different photos differ in 0, 1 .. 64 bits."""
    counts = np.zeros(65, np.int64)
    for place, value in enumerate(hashes[:-1]):
        counts += np.bincount(differing_bits(hashes[place + 1 :], value), minlength=65)
    return counts


def main(_: list[str]) -> None:
    from aesthkeras.photos.sources import find_photos

    paths = [path for folder in FLAGS.photos for path in find_photos(folder)]
    chance = np.random.default_rng(0)
    whole = np.stack([np.asarray(framed(opened(path), 0, 0)) for path in tqdm(paths, "photos")])
    counts = unrelated(perceptual_hashes(whole))
    chosen = paths[:: max(1, len(paths) // FLAGS.burst_photos)]
    made = np.stack([np.stack(shots(opened(path), chance)) for path in tqdm(chosen, "bursts")])
    hashes = np.stack([perceptual_hashes(made[:, kind]) for kind in range(1 + len(KINDS))])
    print(f"| {len(chosen)} bursts; {len(paths)} photos | " + " | ".join(f"{bits}" for bits in BITS) + " |")
    print("|---" * (1 + len(BITS)) + "|")
    for kind, name in enumerate(KINDS, 1):
        bits = differing_bits(hashes[0], hashes[kind])
        print(f"| {name} | " + " | ".join(f"{(bits <= most).mean():.1%}" for most in BITS) + " |")
    near = [counts[: most + 1].sum() for most in BITS]
    print(f"| of {counts.sum():,} unrelated pairs | " + " | ".join(f"{some:,}" for some in near) + " |")


if __name__ == "__main__":
    app.run(main)
