from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from aesthkeras.degradations import Rotation


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_turns_as_pillow_does(photos, images, degrees):
    theirs = np.stack([np.asarray(Image.fromarray(photo).rotate(degrees)) for photo in photos])
    np.testing.assert_array_equal(Rotation(degrees)(photos), theirs)
    ours = Rotation(degrees, value_range=(0, 1))(images)
    np.testing.assert_allclose(ours, theirs.astype(np.float32) / 255, atol=1e-6)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_turns_of_a_wide_photo(photos, degrees):
    wide = photos[:, :100]
    ours = Rotation(degrees)(wide)
    np.testing.assert_array_equal(ours, np.rot90(wide, degrees // 90, axes=(1, 2)))


def test_wrong_angle():
    with pytest.raises(ValueError, match="^degrees=45: expected 90, 180 or 270"):
        Rotation(45)
