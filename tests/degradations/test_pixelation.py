from __future__ import annotations

import numpy as np
import pytest
from skimage.measure import block_reduce

from aesthkeras.degradations import Pixelation


@pytest.mark.parametrize("block", [4, 8])
def test_whole_blocks_hold_their_mean(images, block):
    cut = images[:, :224, :192]
    means = block_reduce(cut, (1, block, block, 1), np.mean)
    theirs = means.repeat(block, axis=1).repeat(block, axis=2)
    np.testing.assert_allclose(Pixelation(block, value_range=(0, 1))(cut), theirs, atol=1e-5)


@pytest.mark.parametrize("block", [4, 8, 5])
@pytest.mark.parametrize("edges", [(227, 227), (33, 47)])
def test_blocks_at_the_edge_average_what_they_have(images, block, edges):
    cut = images[:2, : edges[0], : edges[1]]
    theirs = np.empty_like(cut)
    for top in range(0, edges[0], block):
        for left in range(0, edges[1], block):
            tile = np.s_[:, top : top + block, left : left + block]
            theirs[tile] = cut[tile].mean(axis=(1, 2), keepdims=True, dtype=np.float64)
    np.testing.assert_allclose(Pixelation(block, value_range=(0, 1))(cut), theirs, atol=1e-5)


def test_wrong_block():
    for block in (0, 2.5, float("inf")):
        with pytest.raises(ValueError, match=f"^block={block}: expected an integer of at least 1"):
            Pixelation(block)
