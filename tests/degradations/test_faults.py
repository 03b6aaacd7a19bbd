"""The seven faults beyond Table 1, against Pillow, SciPy and hand-made values."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageEnhance
from scipy import ndimage

from aesthkeras.degradations import batch, contrast, gaussian_blur, haze, motion_blur, saturation
from aesthkeras.degradations.table import (
    CLASSES,
    EXTENDED_CLASSES,
    DegradationSettings,
)

SETTINGS = DegradationSettings(jpeg="codec")


def test_the_classes_of_table_1_keep_their_places():
    assert EXTENDED_CLASSES[:22] == CLASSES
    assert [item.index for item in EXTENDED_CLASSES] == list(range(36))


@pytest.mark.parametrize("factor", [0.6, 0.3])
def test_contrast_is_pillows_but_for_the_rounding_of_the_mean(photos, factor):
    found = contrast.apply(photos.astype(np.float32), factor).numpy()
    gray = np.array([photo.astype(np.float64).mean() for photo in photos])
    np.testing.assert_allclose(found.mean(axis=(1, 2, 3)), gray, rtol=1e-4)
    for own, photo in zip(found, photos):
        theirs = np.asarray(ImageEnhance.Contrast(Image.fromarray(photo)).enhance(factor), np.float64)
        # Pillow's mean is that of the luma: the two differ by one number
        difference = own - theirs
        assert difference.std() < 0.5


@pytest.mark.parametrize("factor", [0.5, 0.1])
def test_saturation_is_pillows(photos, factor):
    found = saturation.apply(photos.astype(np.float32), factor).numpy()
    for own, photo in zip(found, photos):
        theirs = np.asarray(ImageEnhance.Color(Image.fromarray(photo)).enhance(factor), np.float64)
        assert np.abs(own - theirs).max() < 1.6  # Pillow rounds the gray, then cuts the result


def test_haze_by_hand():
    images = np.array([0.0, 0.5, 1.0], np.float32).reshape(1, 1, 1, 3).repeat(32, 1).repeat(32, 2)
    found = haze.apply(images, 0.6).numpy()[0, 7, 9]
    np.testing.assert_allclose(found, [0.54, 0.74, 0.94], atol=1e-6)
    as_levels = haze.apply(255 * images, 0.6, white=255.0).numpy()[0, 7, 9]
    np.testing.assert_allclose(as_levels, np.array([0.54, 0.74, 0.94]) * 255, atol=1e-3)


@pytest.mark.parametrize("length, line", [(2.2, 5), (4.8, 11)])
def test_motion_blur_is_scipys_along_one_axis(images, length, line):
    assert motion_blur.length_in_pixels(length, 227, 227) == line
    assert motion_blur.length_in_pixels(length, 131, 200) == line
    found = motion_blur.apply(images, length, (5, 1)).numpy()
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
    found = {
        item.name: batch.edit(photos, item, (1, 2), SETTINGS) for item in EXTENDED_CLASSES[len(CLASSES) :]
    }
    np.testing.assert_allclose(found["underexposure_0.3"], levels * 0.3, atol=1e-3)
    np.testing.assert_allclose(found["overexposure_2.0"], np.minimum(levels * 2, 255), atol=1e-3)
    np.testing.assert_allclose(found["defocus_3.0"], gaussian_blur.apply(levels, 3.0), atol=1e-3)


@pytest.mark.parametrize("module", [contrast, saturation, haze])
def test_shares_beyond_1_are_refused(images, module):
    with pytest.raises(ValueError, match="is 1.5: expected 0 to 1"):
        module.apply(images, 1.5)
