from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.filters import gaussian

from aesthkeras.degradations import GaussianBlur
from aesthkeras.degradations.gaussian_blur import in_pixels


@pytest.mark.parametrize("sigma", [0.2, 0.8])
@pytest.mark.parametrize("edges", [(227, 227), (131, 131), (64, 90), (454, 300)])
def test_is_scipys_filter_with_sigma_in_percent_of_the_shorter_edge(images, sigma, edges):
    cut = np.tile(images, (1, 2, 2, 1))[:, : edges[0], : edges[1]]
    pixels = sigma / 100 * max(227, min(edges))
    theirs = gaussian_filter(cut.astype(np.float64), (0, pixels, pixels, 0), mode="reflect", truncate=4)
    np.testing.assert_allclose(GaussianBlur(sigma, value_range=(0, 1))(cut), theirs, atol=1e-5)


@pytest.mark.parametrize("sigma", [0.8, 2.5, 7.0])
def test_is_scikit_images_filter_with_sigma_in_pixels(images, sigma):
    ours = GaussianBlur(sigma, unit="pixel", value_range=(0, 1))(images[0])
    theirs = gaussian(images[0], sigma, mode="reflect", truncate=4, channel_axis=-1)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_sigma_of_the_paper_at_227_pixels():
    assert in_pixels(0.2, 227, 300) == pytest.approx(0.454)
    assert in_pixels(0.8, 300, 227) == pytest.approx(1.816)
    assert in_pixels(0.8, 300, 454) == pytest.approx(2.4)


def test_smaller_images_are_blurred_by_as_many_pixels():
    assert in_pixels(0.2, 131, 131) == in_pixels(0.2, 227, 227)


def test_a_kernel_wider_than_the_image(images):
    cut = images[:1, :32, :40]
    theirs = gaussian_filter(cut.astype(np.float64), (0, 12, 12, 0), mode="reflect", truncate=4)
    np.testing.assert_allclose(GaussianBlur(12, "pixel", value_range=(0, 1))(cut), theirs, atol=1e-5)


def test_wrong_values():
    for sigma in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=f"^sigma={sigma}: expected more than 0"):
            GaussianBlur(sigma)
    with pytest.raises(ValueError, match="^unit=cm: expected percent or pixel"):
        GaussianBlur(1, unit="cm")
