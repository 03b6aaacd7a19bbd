from __future__ import annotations

import numpy as np
import pytest

from aesthkeras.degradations import Quantization


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


def test_wrong_levels():
    for levels in (1, 7.5, float("inf")):
        with pytest.raises(ValueError, match=f"^levels={levels}: expected an integer of at least 2"):
            Quantization(levels)
