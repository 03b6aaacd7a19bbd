from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from aesthkeras.degradations import Downsampling


def planes(images: np.ndarray) -> list[list[Image.Image]]:
    return [[Image.fromarray(image[..., channel]) for channel in range(3)] for image in images]


# Edges that the factor divides: Pillow's reduce() averages the same whole blocks.
@pytest.mark.parametrize(("factor", "edge"), [(4, 224), (6, 222)])
def test_reduces_and_interpolates_as_pillow_does(images, factor, edge):
    cut = np.ascontiguousarray(images[:, :edge, :edge])
    theirs = [
        [plane.reduce(factor).resize((edge, edge), Image.Resampling.BILINEAR) for plane in channels]
        for channels in planes(cut)
    ]
    theirs = np.array([[np.asarray(plane) for plane in channels] for channels in theirs])
    ours = Downsampling(factor, value_range=(0, 1))(cut).numpy()
    np.testing.assert_allclose(ours, theirs.transpose(0, 2, 3, 1), atol=2e-5)


def area_mean(rows: np.ndarray, reduced: int) -> np.ndarray:
    """Average the first axis over equal spans, by differences of the interpolated running sum."""
    total = np.concatenate([np.zeros_like(rows[:1]), np.cumsum(rows, axis=0)])
    ends = np.linspace(0, len(rows), reduced + 1)
    low = np.minimum(ends.astype(int), len(rows) - 1)
    share = (ends - low).reshape(-1, *[1] * (rows.ndim - 1))
    at_ends = total[low] * (1 - share) + total[low + 1] * share
    return np.diff(at_ends, axis=0) * reduced / len(rows)


@pytest.mark.parametrize(("factor", "small"), [(4, 57), (6, 38)])
def test_spans_that_cut_pixels(images, factor, small):
    ours = Downsampling(factor, value_range=(0, 1))(images).numpy()
    for image, view in zip(images.astype(np.float64), ours):
        reduced = area_mean(area_mean(image, small).transpose(1, 0, 2), small).transpose(1, 0, 2)
        for channel in range(3):
            plane = Image.fromarray(reduced[..., channel].astype(np.float32))
            theirs = np.asarray(plane.resize((227, 227), Image.Resampling.BILINEAR))
            np.testing.assert_allclose(view[..., channel], theirs, atol=2e-5)


def test_a_wide_image_and_the_pattern_that_would_alias():
    checks = (np.indices((32, 64)).sum(axis=0) % 2).astype(np.float32)
    checks = np.repeat(checks[..., None], 3, axis=2)
    gray = Downsampling(4, value_range=(0, 1))(checks).numpy()
    np.testing.assert_allclose(gray, 0.5, atol=1e-5)


@pytest.mark.parametrize("factor", [0.5, float("nan"), float("inf")])
def test_wrong_factor(factor):
    with pytest.raises(ValueError, match=f"^factor={factor}: expected 1 or more"):
        Downsampling(factor)
