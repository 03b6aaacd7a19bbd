from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from aesthkeras.degradations import gaussian_noise

# White this far away: nothing is clipped, so that the noise itself can be looked at.
WHITE = 1e4
GRAY = np.full([4, 227, 227, 3], WHITE / 2, np.float32)


def noise_of(variance: float, seed: tuple[int, int], scale: str = "unit") -> np.ndarray:
    noisy = gaussian_noise.apply(GRAY, variance / WHITE**2, seed, scale=scale, white=WHITE)
    return noisy.numpy().astype(np.float64) - WHITE / 2


@pytest.mark.parametrize("variance", [0.2, 0.8])
def test_it_is_a_gaussian_of_that_variance(variance):
    # Multiples of 100 keep the rounding of float32 around 5,000 far below the noise.
    noise = noise_of(variance * 1e4, (3, 4)) / 100
    sigma = np.sqrt(variance)
    # Four standard errors of the mean and of the standard deviation of 618,348 values.
    assert abs(noise.mean()) < 4 * sigma / np.sqrt(noise.size)
    assert abs(noise.std() / sigma - 1) < 4 / np.sqrt(2 * noise.size)
    assert stats.kstest(noise.reshape(-1), stats.norm(scale=sigma).cdf).pvalue > 1e-3
    # The tails too: 4 sigma is passed by 6.3 in 100,000.
    beyond = (np.abs(noise) > 4 * sigma).sum()
    expected = noise.size * 2 * stats.norm.sf(4)
    assert abs(beyond - expected) < 5 * np.sqrt(expected)


def test_images_channels_and_neighbours_are_independent():
    noise = noise_of(1e4, (5, 6))
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


def test_standardised_variance_is_in_units_of_photos():
    assert noise_of(1e4, (7, 8), "standardised").std() == pytest.approx(0.226 * 100, rel=0.01)


def test_noise_is_added_and_clipped(images):
    noisy = gaussian_noise.apply(images, 0.2, (1, 2)).numpy()
    assert noisy.min() == 0 and noisy.max() == 1
    inside = (images > 0.45) & (images < 0.55)
    assert (noisy - images)[inside].std() == pytest.approx(np.sqrt(0.2) * 0.226, rel=0.02)


def test_the_seed_says_it_all(images):
    first = gaussian_noise.apply(images, 0.2, (1, 2)).numpy()
    np.testing.assert_array_equal(first, gaussian_noise.apply(images, 0.2, tf.constant([1, 2])).numpy())
    assert (first != gaussian_noise.apply(images, 0.2, (1, 3)).numpy()).mean() > 0.9


def test_wrong_values(images):
    with pytest.raises(ValueError, match="variance is -1"):
        gaussian_noise.apply(images, -1, (0, 0))
    with pytest.raises(ValueError, match="scale is 'db'"):
        gaussian_noise.apply(images, 0.2, (0, 0), scale="db")
