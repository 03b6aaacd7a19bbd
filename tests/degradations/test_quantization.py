from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from aesthkeras.degradations import Quantization
from aesthkeras.degradations.palette import palettes


@pytest.mark.parametrize("levels", [64, 8, 2])
def test_takes_the_nearest_level(images, levels):
    images = images[:, 50:150, 50:150]
    ladder = np.linspace(0, 1, levels)
    ours = Quantization(levels, value_range=(0, 1))(images).numpy()
    nearest = np.abs(images[..., None].astype(np.float64) - ladder).min(axis=-1)
    np.testing.assert_allclose(np.abs(ours - images), nearest, atol=1e-6)
    assert np.abs(ours[..., None] - ladder).min(axis=-1).max() < 1e-6


def test_white_is_255_by_default(photos):
    ours = Quantization(8)(photos.astype(np.float32)).numpy()
    np.testing.assert_allclose(np.unique(ours), np.arange(8) * 255 / 7, rtol=1e-6)


def decibels(photos: np.ndarray, edited: np.ndarray) -> np.ndarray:
    """Peak signal-to-noise ratio of each photo."""
    return 10 * np.log10(255**2 / ((photos - edited.astype(np.float64)) ** 2).mean(axis=(1, 2, 3)))


@pytest.mark.parametrize("colours", [64, 8])
def test_a_palette_is_as_close_to_the_photos_as_pillows(photos, colours):
    ours = Quantization(colours, form="palette")(photos).numpy()
    plain = {"method": Image.Quantize.MEDIANCUT, "dither": Image.Dither.NONE}
    pillows = [Image.fromarray(photo).quantize(colours, **plain).convert("RGB") for photo in photos]
    gain = decibels(photos, ours) - decibels(photos, np.stack(pillows))
    assert gain.min() > -0.5 and gain.mean() > 0
    for photo in ours:
        assert colours / 2 < len(np.unique(photo.reshape(-1, 3), axis=0)) <= colours


def test_every_pixel_takes_the_nearest_colour_of_its_own_photo(photos):
    cut = photos[:3, 60:130, 60:160]
    ours = Quantization(8, form="palette")(cut).numpy().astype(int)
    for photo, edited, palette in zip(cut, ours, palettes(cut.astype(np.float32), 8).numpy()):
        distances = np.square(photo[:, :, np.newaxis] - palette).sum(axis=-1)
        np.testing.assert_array_equal(np.square(photo - edited).sum(axis=-1), distances.min(axis=-1))


def test_two_colours_are_the_means_of_two_groups():
    # 30 and 34 dark, 200 and 205 bright, the last three times as often: 32, and 203.75 rounded.
    photo = np.repeat([30, 34, 30, 34, 200, 205, 205, 205], 8 * 64).reshape(64, 64)
    photo = np.stack([photo] * 3, axis=-1).astype(np.uint8)
    ours = Quantization(2, form="palette")(photo).numpy()
    np.testing.assert_array_equal(ours, np.where(photo < 100, 32, 204))


def test_a_photo_of_one_colour_stays():
    flat = np.full([32, 32, 3], (9, 80, 251), np.uint8)
    np.testing.assert_array_equal(Quantization(64, form="palette")(flat), flat)


def test_wrong_form():
    with pytest.raises(ValueError, match="^form=octree: expected levels or palette"):
        Quantization(8, form="octree")


def test_wrong_levels():
    for levels in (1, 7.5, float("inf")):
        with pytest.raises(ValueError, match=f"^levels={levels}: expected an integer of at least 2"):
            Quantization(levels)
