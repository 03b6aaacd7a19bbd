from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.filters import gaussian

from aesthkeras.degradations import gaussian_blur


@pytest.mark.parametrize("sigma", [0.2, 0.8])
@pytest.mark.parametrize("edges", [(227, 227), (131, 131), (64, 90), (454, 300)])
def test_is_scipys_filter_with_sigma_in_percent_of_the_shorter_edge(images, sigma, edges):
    cut = np.tile(images, (1, 2, 2, 1))[:, : edges[0], : edges[1]]
    in_pixels = sigma / 100 * max(227, min(edges))
    theirs = gaussian_filter(cut.astype(np.float64), (0, in_pixels, in_pixels, 0), mode="reflect", truncate=4)
    np.testing.assert_allclose(gaussian_blur.apply(cut, sigma).numpy(), theirs, atol=1e-5)


@pytest.mark.parametrize("sigma", [0.8, 2.5, 7.0])
def test_is_scikit_images_filter_with_sigma_in_pixels(images, sigma):
    ours = gaussian_blur.apply(images[:1], sigma, unit="pixel").numpy()[0]
    theirs = gaussian(images[0], sigma, mode="reflect", truncate=4, channel_axis=-1)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_sigma_of_the_paper_at_227_pixels():
    assert gaussian_blur.pixels(0.2, 227, 300) == pytest.approx(0.454)
    assert gaussian_blur.pixels(0.8, 300, 227) == pytest.approx(1.816)
    assert gaussian_blur.pixels(0.8, 300, 454) == pytest.approx(2.4)


def test_smaller_images_are_blurred_by_as_many_pixels():
    assert gaussian_blur.pixels(0.2, 131, 131) == gaussian_blur.pixels(0.2, 227, 227)


def test_a_kernel_wider_than_the_image(images):
    cut = images[:1, :32, :40]
    theirs = gaussian_filter(cut.astype(np.float64), (0, 12, 12, 0), mode="reflect", truncate=4)
    np.testing.assert_allclose(gaussian_blur.apply(cut, 12, unit="pixel").numpy(), theirs, atol=1e-5)


def test_wrong_values(images):
    for sigma in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="sigma is"):
            gaussian_blur.apply(images, sigma)
    with pytest.raises(ValueError, match="unit is 'cm'"):
        gaussian_blur.apply(images, 1, unit="cm")
