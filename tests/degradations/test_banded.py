from __future__ import annotations

import numpy as np
import pytest

from aesthkeras.degradations import banded


@pytest.mark.parametrize("rows", [13, 60, 90])
@pytest.mark.parametrize("reach", [1, 7, 200])
def test_products_are_those_of_the_whole_matrix(images, rows, reach):
    cut = images[:2, :60, :60]
    rng = np.random.default_rng(rows + reach)
    centre = np.arange(rows)[:, None] * 60 / rows
    matrix = rng.normal(size=(rows, 60)) * (np.abs(np.arange(60) - centre) <= reach)
    tall = banded.along_height(matrix, cut).numpy()
    np.testing.assert_allclose(tall, np.einsum("ih,nhwc->niwc", matrix, cut), atol=1e-4)
    wide = banded.along_width(matrix, cut).numpy()
    np.testing.assert_allclose(wide, np.einsum("jw,nhwc->nhjc", matrix, cut), atol=1e-4)
