from __future__ import annotations

import numpy as np
import pytest
from skimage.exposure import adjust_gamma

from aesthkeras.degradations import exposure


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_scales_and_clips(images, factor):
    theirs = np.clip(adjust_gamma(images, gamma=1, gain=factor), 0, 1)
    np.testing.assert_allclose(exposure.apply(images, factor).numpy(), theirs, atol=1e-6)


def test_white_may_be_255(photos):
    ours = exposure.apply(photos.astype(np.float32), 3.0, white=255.0).numpy()
    np.testing.assert_array_equal(ours, np.minimum(photos.astype(np.float32) * 3, 255))


def test_wrong_factor(images):
    with pytest.raises(ValueError, match="factor is 0"):
        exposure.apply(images, 0)
