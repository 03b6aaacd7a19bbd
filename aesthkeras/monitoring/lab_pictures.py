"""Pictures of photos in CIE Lab, some of whose channels were predicted at the positions of a coarse map."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
from skimage.color import lab2rgb

from aesthkeras.monitoring.pictures import titled_sheet


def at_all_pixels(maps: np.ndarray, centers: np.ndarray, edge: int) -> np.ndarray:
    """Values at the positions of a map to values at all pixels, bilinear, flat at the edges.

    Args:
        maps: float `[B, H, H, C]`.
        centers: `[H]`, the pixels at which the positions lie, equally spaced; from 0, the first pixel.
        edge: edge of the result in pixels.

    Returns:
        float `[B, edge, edge, C]`.
    """
    place = np.interp(np.arange(edge), centers, np.arange(len(centers)))
    weights = np.maximum(0, 1 - np.abs(place[:, np.newaxis] - np.arange(len(centers))))
    return np.einsum("yh,bhwc,xw->byxc", weights, maps, weights, optimize=True)


def lab_sheet(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """A picture with a row per photo and a column per version.

    Args:
        columns: CIE Lab, float `[B, H, W, 3]`, by title.

    Returns:
        uint8 `[height, width, 3]`.
    """
    views = np.stack([rgb_of_lab(lab) for lab in columns.values()], axis=1)
    return titled_sheet(views, [list(columns)] * len(views))


def rgb_of_lab(lab: np.ndarray) -> np.ndarray:
    """uint8 sRGB of CIE Lab `[..., 3]`; colours outside sRGB are clipped."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a predicted colour may have a negative Z; it is clipped
        rgb = lab2rgb(lab)
    pixels: np.ndarray = np.round(255.0 * np.clip(rgb, 0, 1)).astype(np.uint8)
    return pixels
