"""What of JPEG moves a scorer: qualities, lightness and colour apart, what it adds to a photo put elsewhere.

PYTHONPATH=. python benchmarks/jpeg_and_score.py --photos=../shared/data/oasis/images
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image
from scipy import ndimage

from aesthkeras.networks.export import Export
from aesthkeras.networks.heads import SCORE
from aesthkeras.photos.reading import read_photos
from aesthkeras.photos.sources import find_photos
from aesthkeras.scoring.network import ScoringNetwork

QUALITY = 60
BLOCK = 8  # pixels, the edge of what JPEG encodes at once

Edit = Callable[[np.ndarray], np.ndarray]


def compressed(pixels: np.ndarray, quality: int) -> np.ndarray:
    """uint8 `[S, S, 3]` through a JPEG file of Pillow, colours at half the resolution."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    return np.asarray(Image.open(file).convert("RGB"))


def lightness_and_colour(lightness: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Y of one photo with Cb and Cr of another: uint8 `[S, S, 3]`, RGB."""
    first, second = (np.asarray(Image.fromarray(pixels).convert("YCbCr")) for pixels in (lightness, colour))
    joined = np.dstack([first[..., :1], second[..., 1:]])
    return np.asarray(Image.fromarray(joined, "YCbCr").convert("RGB"))


def added(pixels: np.ndarray) -> np.ndarray:
    """What JPEG adds, int `[S, S, 3]`."""
    return compressed(pixels, QUALITY).astype(int) - pixels


def shuffled_blocks(values: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """The blocks of 8 pixels in another order; what is left at the edges stays."""
    rows, columns = (size // BLOCK for size in values.shape[:2])
    whole = values[: rows * BLOCK, : columns * BLOCK]
    blocks = whole.reshape(rows, BLOCK, columns, BLOCK, 3).swapaxes(1, 2).reshape(-1, BLOCK, BLOCK, 3)
    mixed = chance.permutation(blocks).reshape(rows, columns, BLOCK, BLOCK, 3).swapaxes(1, 2)
    moved = values.copy()
    moved[: rows * BLOCK, : columns * BLOCK] = mixed.reshape(whole.shape)
    return moved


def edits(chance: np.random.Generator) -> dict[str, Edit]:
    """By name, what is done to a photo, uint8 `[S, S, 3]`."""

    def plus(pixels: np.ndarray, values: np.ndarray) -> np.ndarray:
        return np.clip(pixels + np.round(values), 0, 255).astype(np.uint8)

    def noise(pixels: np.ndarray) -> np.ndarray:
        return plus(pixels, chance.normal(0, added(pixels).std(), pixels.shape))

    return {
        **{f"JPEG {quality}": partial(compressed, quality=quality) for quality in (95, 80, 60, 40, 25, 10)},
        f"lightness of JPEG {QUALITY}": lambda p: lightness_and_colour(compressed(p, QUALITY), p),
        f"colours of JPEG {QUALITY}": lambda p: lightness_and_colour(p, compressed(p, QUALITY)),
        "what it adds, taken away": lambda p: plus(p, -added(p)),
        "what it adds, at other places": lambda p: plus(p, shuffled_blocks(added(p), chance)),
        "white noise as strong as that": noise,
    }


def detail(pixels: np.ndarray) -> float:
    """How much fine detail there is: the deviation of the Laplacian of the mean over the colours."""
    return float(ndimage.laplace(pixels.mean(axis=-1))[1:-1, 1:-1].std())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="savedmodels/quality")
    parser.add_argument("--photos", default="samples")
    parser.add_argument("--every", type=int, default=4, help="photo of the folder is taken")
    arguments = parser.parse_args()
    network = ScoringNetwork(Export.open(arguments.model), batch_size=12)
    applied = edits(np.random.default_rng(0))
    scores, details = [], []
    for photo in read_photos(find_photos(arguments.photos)[:: arguments.every], network.resize, network.crop):
        if not photo.error:
            copies = [photo.crops[0], *(edit(photo.crops[0]) for edit in applied.values())]
            scores.append(network(np.stack(copies))[SCORE])
            details.append([detail(copy) for copy in copies])
    changes = np.array(scores)[:, 1:] - np.array(scores)[:, :1]
    more = np.array(details)[:, 1:] / np.array(details)[:, :1]
    print(f"{len(changes)} photos\n\n| | score | copies that score lower | fine detail |\n|---|---|---|---|")
    for place, name in enumerate(applied):
        change, lower = changes[:, place].mean(), (changes[:, place] < 0).mean()
        print(f"| {name} | {change:+.3f} | {lower:.0%} | {np.median(more[:, place]) - 1:+.0%} |")


if __name__ == "__main__":
    main()
