"""Natural-scene and colour statistics against the papers' equations in NumPy and SciPy, and by hand."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats
from scipy.optimize import brentq
from scipy.signal import correlate2d
from scipy.special import gamma
from skimage import color, data

from aesthkeras.encoders.natural_scenes import mscn, shape_of
from aesthkeras.encoders.photo_statistics import photo_statistics

SIZE = 96
PHOTOS = np.stack(
    [data.astronaut()[:SIZE, 100 : 100 + SIZE], data.coffee()[50 : 50 + SIZE, 200 : 200 + SIZE]]
    + [data.chelsea()[60 : 60 + SIZE, 150 : 150 + SIZE], data.rocket()[200 : 200 + SIZE, 300 : 300 + SIZE]]
)


@functools.cache
def model():
    return photo_statistics(SIZE)


def values_of(name: str, pixels: np.ndarray) -> np.ndarray:
    values = model()(np.asarray(pixels, np.float32))[name].numpy()
    assert values.shape[:3] == (len(pixels), 1, 1)
    return values[:, 0, 0]


# BRISQUE, by the equations of Mittal, Moorthy and Bovik (2012), with a solver where it has a look-up.


def coefficients_by_hand(image: np.ndarray) -> np.ndarray:
    window = np.array(
        [[np.exp(-(k**2 + m**2) / (2 * (7 / 6) ** 2)) for k in range(-3, 4)] for m in range(-3, 4)]
    )
    window /= window.sum()
    mean = correlate2d(image, window, "valid")
    patches = np.lib.stride_tricks.sliding_window_view(image, (7, 7))
    deviation = np.sqrt((window * (patches - mean[..., None, None]) ** 2).sum((2, 3)))
    return (image[3:-3, 3:-3] - mean) / (deviation + 1)


def shape_by_solver(ratio: float) -> float:
    """The shape at which E[|x|]^2 / E[x^2] is so."""
    found = brentq(lambda a: gamma(2 / a) ** 2 / (gamma(1 / a) * gamma(3 / a)) - ratio, 0.2, 10)
    return float(found)


def asymmetric_by_hand(values: np.ndarray) -> list[float]:
    left, right = np.sqrt(np.mean(values[values < 0] ** 2)), np.sqrt(np.mean(values[values > 0] ** 2))
    skew = left / right
    ratio = np.mean(np.abs(values)) ** 2 / np.mean(values**2)
    shape = shape_by_solver(ratio * (skew**3 + 1) * (skew + 1) / (skew**2 + 1) ** 2)
    scale = np.sqrt(gamma(1 / shape) / gamma(3 / shape))
    mean = (right - left) * scale * gamma(2 / shape) / gamma(1 / shape)
    return [shape, mean, left**2, right**2]


def features_by_hand(photo: np.ndarray) -> np.ndarray:
    image = photo.astype(np.float64) @ [0.299, 0.587, 0.114]
    found: list[float] = []
    for _ in range(2):
        m = coefficients_by_hand(image)
        found += [shape_by_solver(np.mean(np.abs(m)) ** 2 / np.mean(m**2)), np.mean(m**2)]
        products = [m[:, :-1] * m[:, 1:], m[:-1] * m[1:], m[:-1, :-1] * m[1:, 1:], m[:-1, 1:] * m[1:, :-1]]
        for product in products:
            found += asymmetric_by_hand(product)
        image = (image[::2, ::2] + image[1::2, ::2] + image[::2, 1::2] + image[1::2, 1::2]) / 4
    return np.array(found)


def test_the_36_values_are_those_of_the_papers_equations():
    expected = np.stack([features_by_hand(photo) for photo in PHOTOS])
    assert np.ptp(expected, axis=0).min() > 0.005  # photos differ in each
    np.testing.assert_allclose(values_of("naturalness", PHOTOS), expected, rtol=2e-3, atol=2e-4)


def test_shapes_are_those_of_known_distributions():
    """A Gaussian has shape 2, a Laplacian 1; another by samples of SciPy's generalised Gaussian."""
    of_moments = {2.0: np.pi / 2, 1.0: 2.0}  # E[x^2] / E[|x|]^2
    for shape, ratio in of_moments.items():
        np.testing.assert_allclose(shape_of(tf.constant([[np.log(ratio)]], tf.float32)), shape, atol=1e-3)
    samples = stats.gennorm.rvs(0.7, size=400_000, random_state=1)
    ratio = np.mean(samples**2) / np.mean(np.abs(samples)) ** 2
    np.testing.assert_allclose(shape_of(tf.constant([[np.log(ratio)]], tf.float32)), 0.7, atol=0.01)
    beyond = tf.math.log(tf.constant([[4 / 3], [30.0]]))  # a uniform distribution, and heavier tails than any
    np.testing.assert_allclose(shape_of(beyond), [[10], [0.2]], atol=1e-3)


def test_noise_of_a_known_kind():
    """White Gaussian noise: each pixel counts in its own window, which bounds its coefficient.

    So the shape is above a Gaussian's 2; that of photos, whose tails are heavier, is below or near it.
    """
    noise = np.random.default_rng(0).normal(128, 20, (1, SIZE, SIZE, 1)).repeat(3, -1)
    shape, variance = values_of("naturalness", noise)[0, :2]
    assert 2 < shape < 3.5 and 0.5 < variance < 1
    assert (values_of("naturalness", PHOTOS)[:, 0] < 2.3).all()


def test_where_there_is_nothing_all_is_finite_and_said_so():
    flat = np.stack([np.full((SIZE, SIZE, 3), value) for value in (0, 255, (200, 30, 90))])
    almost = flat[2:].copy()
    almost[0, 40, 40] += 1  # one pixel
    halves = flat[:1].copy()
    halves[:, :, 48:] = 255
    for pixels in (flat, almost, halves):
        for name in ("naturalness", "colour"):
            assert np.isfinite(values_of(name, pixels)).all()
    np.testing.assert_allclose(values_of("naturalness", flat)[:, 0], 10, atol=1e-2)
    np.testing.assert_allclose(values_of("naturalness", flat)[:, 1], 0, atol=1e-6)


def test_coefficients_do_not_depend_on_a_step_of_all_pixels():
    image = tf.constant(PHOTOS[:1, :, :, :1], tf.float32) / 2
    np.testing.assert_allclose(mscn(image), mscn(image + 100), atol=2e-4)


def test_colour_by_scikit_image_and_by_the_paper():
    for photo, found in zip(PHOTOS, values_of("colour", PHOTOS)):
        hsv = color.rgb2hsv(photo)
        red, green, blue = np.moveaxis(photo.astype(np.float64), -1, 0)
        rg, yb = red - green, 0.5 * (red + green) - blue
        colourfulness = np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())
        light = 0.299 * red + 0.587 * green + 0.114 * blue
        laplacian = correlate2d(light, [[0, 1, 0], [1, -4, 1], [0, 1, 0]], "valid")
        expected = [
            *(hsv[..., 1].mean(), hsv[..., 1].std(), hsv[..., 2].mean(), hsv[..., 2].std()),
            *(colourfulness, np.log1p(laplacian.var()), np.mean(light < 16), np.mean(light > 239)),
        ]
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_colour_by_hand():
    """Half pure red, half white: saturations 1 and 0, brightness 1; red - green is 255 and 0."""
    pixels = np.full((1, SIZE, SIZE, 3), 255)
    pixels[:, :, :48, 1:] = 0
    # (R + G) / 2 - B is 127.5 and 0; means are half of the values, and so are deviations
    colourfulness = np.hypot(127.5, 63.75) * 1.3
    found = values_of("colour", pixels)[0]
    np.testing.assert_allclose(found[:5], [0.5, 0.5, 1, 0, colourfulness], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found[6:], [0, 0.5], atol=1e-6)


def test_small_photos_are_refused():
    with pytest.raises(ValueError, match="pixels: expected at least 32 an edge"):
        photo_statistics(31)
