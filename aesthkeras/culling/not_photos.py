"""Whether a file is hardly a photo: a screenshot, a page of text, a drawing, one colour, or noise.

Rules on statistics of pixels, no network. Whatever a lens and a sensor made has grain, gradients and edges of
some width, and neighbouring pixels that are alike but not equal. `benchmarks/photo_rules.py` measures how
often photos break a rule, and how many screenshots, pages and drawings do.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

HARDLY_A_PHOTO = "hardly a photo"

ONE_COLOUR = 16  # levels between the darkest and the brightest thousandth
UNCORRELATED = 0.08  # correlation of neighbours
EQUAL, SHARP = 0.5, 0.25  # shares that a page or a screenshot has, together
EQUAL_GRAYS, GRAYS = 0.75, 0.1  # shares that a drawing in colours has, together

_SHARP_STEP = 32  # levels
_BLACK, _WHITE = 8, 247  # levels up to, and from, which a photo may be clipped


class PixelTraits(NamedTuple):
    """What the rules ask.

    Attributes:
        span: luma levels between the darkest and the brightest thousandth of the pixels.
        correlation: of the luma of neighbouring pixels within the squares, -1 to 1; 0 where all are equal.
        equal: share of neighbouring pixels that are equal in all channels.
        sharp: share of unequal neighbours whose luma differs by more than 32 levels.
        equal_grays: share of equal neighbours among those of which neither is almost black or white.
        grays: share of these among all neighbours.
    """

    span: float
    correlation: float
    equal: float
    sharp: float
    equal_grays: float
    grays: float


def is_hardly_a_photo(squares: np.ndarray) -> bool:
    """Whether one of the four rules finds no photo in squares of pixels, uint8 [N, E, E, 3], E at least 2."""
    traits = pixel_traits(squares)
    return (
        traits.span < ONE_COLOUR
        or traits.correlation < UNCORRELATED
        or (traits.equal > EQUAL and traits.sharp > SHARP)
        or (traits.equal_grays > EQUAL_GRAYS and traits.grays > GRAYS)
    )


def pixel_traits(squares: np.ndarray) -> PixelTraits:
    """Measure squares of a photo's own pixels, as `glimpses.spread_squares` cuts them.

    Args:
        squares: uint8 [N, E, E, 3], E at least 2.
    """
    red, green, blue = (squares[..., channel].astype(np.int32) for channel in range(3))
    colour = red << 16 | green << 8 | blue
    luma = ((299 * red + 587 * green + 114 * blue) / 1000).astype(np.float32)  # ITU-R BT.601
    dark, bright = np.percentile(luma, [0.1, 99.9])
    centred = luma - luma.mean(axis=(1, 2), keepdims=True)
    is_gray = (luma > _BLACK) & (luma < _WHITE)
    equal, steps, grays, products = [], [], [], []
    for first, second in ((np.s_[:, :, 1:], np.s_[:, :, :-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        equal.append((colour[first] == colour[second]).ravel())
        steps.append(np.abs(luma[first] - luma[second]).ravel())
        grays.append((is_gray[first] & is_gray[second]).ravel())
        products.append((centred[first] * centred[second]).mean())
    same, step, gray = (np.concatenate(values) for values in (equal, steps, grays))
    variance = (centred**2).mean()
    return PixelTraits(
        float(bright - dark),
        float(np.mean(products) / variance) if variance else 0.0,
        float(same.mean()),
        _share(step > _SHARP_STEP, step > 0),
        _share(same, gray),
        float(gray.mean()),
    )


def _share(found: np.ndarray, among: np.ndarray) -> float:
    count = int(among.sum())
    return int((found & among).sum()) / count if count else 0.0
