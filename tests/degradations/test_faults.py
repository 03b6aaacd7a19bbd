"""The seven faults beyond Table 1, against Pillow, SciPy and hand-made values."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageEnhance
from scipy import ndimage

from aesthkeras.degradations import (
    CLASSES,
    EXTENDED_CLASSES,
    Contrast,
    GaussianBlur,
    Haze,
    MotionBlur,
    Saturation,
    layer_of,
)
from aesthkeras.degradations.motion_blur import length_in_pixels


def test_the_classes_of_table_1_keep_their_places():
    assert EXTENDED_CLASSES[:22] == CLASSES
    assert [item.index for item in EXTENDED_CLASSES] == list(range(36))


@pytest.mark.parametrize("factor", [0.6, 0.3])
def test_contrast_is_pillows_but_for_the_rounding_of_the_mean(photos, factor):
    found = Contrast(factor)(photos.astype(np.float32)).numpy()
    gray = np.array([photo.astype(np.float64).mean() for photo in photos])
    np.testing.assert_allclose(found.mean(axis=(1, 2, 3)), gray, rtol=1e-4)
    for own, photo in zip(found, photos):
        theirs = np.asarray(ImageEnhance.Contrast(Image.fromarray(photo)).enhance(factor), np.float64)
        # Pillow's mean is that of the luma: the two differ by one number
        difference = own - theirs
        assert difference.std() < 0.5


@pytest.mark.parametrize("factor", [0.5, 0.1])
def test_saturation_is_pillows(photos, factor):
    found = Saturation(factor)(photos.astype(np.float32)).numpy()
    for own, photo in zip(found, photos):
        theirs = np.asarray(ImageEnhance.Color(Image.fromarray(photo)).enhance(factor), np.float64)
        assert np.abs(own - theirs).max() < 1.6  # Pillow rounds the gray, then cuts the result


def test_haze_by_hand():
    images = np.array([0.0, 0.5, 1.0], np.float32).reshape(1, 1, 1, 3).repeat(32, 1).repeat(32, 2)
    found = Haze(0.6, value_range=(0, 1))(images).numpy()[0, 7, 9]
    np.testing.assert_allclose(found, [0.54, 0.74, 0.94], atol=1e-6)
    as_levels = Haze(0.6)(255 * images).numpy()[0, 7, 9]
    np.testing.assert_allclose(as_levels, np.array([0.54, 0.74, 0.94]) * 255, atol=1e-3)


@pytest.mark.parametrize("length, line", [(2.2, 5), (4.8, 11)])
def test_motion_blur_is_scipys_along_one_axis(images, length, line):
    assert length_in_pixels(length, 227, 227) == line
    assert length_in_pixels(length, 131, 200) == line
    found = MotionBlur(length, value_range=(0, 1))(images, seed=(5, 1)).numpy()
    axes = set()
    for own, image in zip(found, images):
        errors = [
            np.abs(own - ndimage.uniform_filter1d(image, line, axis=axis, mode="reflect")).max()
            for axis in (0, 1)
        ]
        axes.add(int(np.argmin(errors)))
        assert min(errors) < 1e-5
    assert axes == {0, 1}  # six photos, both directions


def test_the_other_faults_are_operations_of_table_1_with_parameters_of_their_own(photos):
    levels = photos.astype(np.float32)
    found = {item.name: layer_of(item)(levels) for item in EXTENDED_CLASSES[len(CLASSES) :]}
    np.testing.assert_allclose(found["underexposure_0.3"], levels * 0.3, atol=1e-3)
    np.testing.assert_allclose(found["overexposure_2.0"], np.minimum(levels * 2, 255), atol=1e-3)
    np.testing.assert_allclose(found["defocus_3.0"], GaussianBlur(3.0)(levels), atol=1e-3)


@pytest.mark.parametrize("layer", [Contrast, Saturation, Haze])
@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_shares_beyond_0_and_1_are_refused(layer, share):
    with pytest.raises(ValueError, match=f"^(factor|density)={share}: expected 0 to 1"):
        layer(share)


@pytest.mark.parametrize("length", [0, 25.1, float("nan")])
def test_lengths_beyond_the_photo_are_refused(length):
    with pytest.raises(ValueError, match=f"^length={length}: expected more than 0, at most 25"):
        MotionBlur(length)


def test_the_longest_motion_fits_in_the_smallest_photo():
    assert MotionBlur(25)(np.zeros([32, 32, 3], np.uint8), seed=(0, 0)).shape == (32, 32, 3)
