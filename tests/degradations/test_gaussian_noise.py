from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from aesthkeras.degradations import GaussianNoise
from aesthkeras.degradations.gaussian_noise import normal

SHAPE = (4, 227, 227, 3)


def noise_of(sigma: float, seed: tuple[int, int]) -> np.ndarray:
    noise = normal(tf.constant(np.prod(SHAPE), tf.int32), seed, sigma)
    return noise.numpy().astype(np.float64).reshape(SHAPE)


@pytest.mark.parametrize("variance", [0.2, 0.8])
def test_it_is_a_gaussian_of_that_variance(variance):
    sigma = np.sqrt(variance)
    noise = noise_of(sigma, (3, 4))
    # Four standard errors of the mean and of the standard deviation of 618,348 values.
    assert abs(noise.mean()) < 4 * sigma / np.sqrt(noise.size)
    assert abs(noise.std() / sigma - 1) < 4 / np.sqrt(2 * noise.size)
    assert stats.kstest(noise.reshape(-1), stats.norm(scale=sigma).cdf).pvalue > 1e-3
    # The tails too: 4 sigma is passed by 6.3 in 100,000.
    beyond = (np.abs(noise) > 4 * sigma).sum()
    expected = noise.size * 2 * stats.norm.sf(4)
    assert abs(beyond - expected) < 5 * np.sqrt(expected)


def test_images_channels_and_neighbours_are_independent():
    noise = noise_of(1.0, (5, 6))
    bound = 4.5 / np.sqrt(noise[0].size / 3)
    series = noise.transpose(0, 3, 1, 2).reshape(12, -1)
    correlation = np.corrcoef(series) - np.eye(12)
    assert np.abs(correlation).max() < bound
    for shifted in (noise[:, 1:] * noise[:, :-1], noise[:, :, 1:] * noise[:, :, :-1]):
        assert abs(shifted.mean()) / noise.var() < bound
    # Any pair of values drawn from one random number would show here, whatever their distance.
    flat = noise.reshape(-1)
    half = flat.size // 2
    assert abs(np.corrcoef(flat[:half], flat[half:])[0, 1]) < bound
    assert abs(np.corrcoef(flat[:half] ** 2, flat[half:] ** 2)[0, 1]) < bound
    assert abs(np.corrcoef(flat[0::2] ** 2, flat[1::2] ** 2)[0, 1]) < bound


@pytest.mark.parametrize(("scale", "white_deviates_by"), [("standardised", 0.226), ("unit", 1)])
def test_this_noise_is_added_on_either_scale(scale, white_deviates_by):
    gray = np.full(SHAPE, 127.5, np.float32)
    # So little that nothing is clipped: 4.9 sigma are 125 levels.
    variance = (0.1 / white_deviates_by) ** 2
    noisy = GaussianNoise(variance, scale)(gray, seed=(7, 8))
    np.testing.assert_allclose(noisy - gray, noise_of(25.5, (7, 8)), atol=1e-3)


def test_noise_is_added_and_clipped(images):
    noisy = GaussianNoise(0.2, value_range=(0, 1))(images, seed=(1, 2)).numpy()
    assert noisy.min() == 0 and noisy.max() == 1
    inside = (images > 0.45) & (images < 0.55)
    assert (noisy - images)[inside].std() == pytest.approx(np.sqrt(0.2) * 0.226, rel=0.02)


def test_wrong_values():
    for variance in (-1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=f"^variance={variance}: expected 0 or more"):
            GaussianNoise(variance)
    with pytest.raises(ValueError, match="^scale=db: expected standardised or unit"):
        GaussianNoise(0.2, scale="db")
