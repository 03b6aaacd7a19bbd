from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from aesthkeras.degradations import rotation


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_turns_as_pillow_does(photos, images, degrees):
    theirs = np.stack([np.asarray(Image.fromarray(photo).rotate(degrees)) for photo in photos])
    np.testing.assert_array_equal(rotation.apply(photos, degrees).numpy(), theirs)
    np.testing.assert_array_equal(rotation.apply(images, degrees).numpy(), theirs.astype(np.float32) / 255)


def test_half_turn_of_a_wide_image(photos):
    wide = photos[:, :100]
    np.testing.assert_array_equal(rotation.apply(wide, 180).numpy(), np.rot90(wide, 2, axes=(1, 2)))


def test_quarter_turn_of_a_wide_image_is_refused(photos):
    for degrees in (90, 270):
        with pytest.raises(ValueError, match="needs square images, not 100 x 227"):
            rotation.apply(photos[:, :100], degrees)


def test_wrong_angle(photos):
    with pytest.raises(ValueError, match="expected 90, 180 or 270"):
        rotation.apply(photos, 45)
