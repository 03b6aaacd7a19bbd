from __future__ import annotations

import numpy as np
import pytest
from skimage.exposure import adjust_gamma

from aesthkeras.degradations import Exposure


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_scales_and_clips(images, factor):
    theirs = np.clip(adjust_gamma(images, gamma=1, gain=factor), 0, 1)
    np.testing.assert_allclose(Exposure(factor, value_range=(0, 1))(images), theirs, atol=1e-6)


def test_white_is_255_by_default(photos):
    ours = Exposure(3.0)(photos.astype(np.float32))
    np.testing.assert_array_equal(ours, np.minimum(photos.astype(np.float32) * 3, 255))
    np.testing.assert_array_equal(Exposure(3.0)(photos), np.minimum(photos.astype(int) * 3, 255))


@pytest.mark.parametrize("factor", [0, -1, float("nan"), float("inf")])
def test_wrong_factor(factor):
    with pytest.raises(ValueError, match=f"^factor={factor}: expected more than 0"):
        Exposure(factor)
