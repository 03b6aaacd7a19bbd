from __future__ import annotations

import numpy as np
import pytest

from aesthkeras.degradations import PatchShuffle


def blocks(images: np.ndarray) -> np.ndarray:
    """Cut [N, H, W, 3] into [N, H // 4, W // 4, 16, 3]."""
    count, height, width, channels = images.shape
    rows, columns = height // 4, width // 4
    cut = images[:, : rows * 4, : columns * 4].reshape(count, rows, 4, columns, 4, channels)
    return cut.transpose(0, 1, 3, 2, 4, 5).reshape(count, rows, columns, 16, channels)


def keys(images: np.ndarray) -> np.ndarray:
    """One number per pixel of every block, [N, H // 4, W // 4, 16]."""
    return (blocks(images).astype(np.int64) * [1, 256, 65536]).sum(axis=-1)


def origins(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """From where in its block each pixel came, [blocks, 16]."""
    return (keys(after)[..., :, None] == keys(before)[..., None, :]).argmax(axis=-1).reshape(-1, 16)


def numbered(count: int, height: int, width: int) -> np.ndarray:
    """Images of which every pixel is unlike any other."""
    number = np.arange(count * height * width).reshape(count, height, width)
    return np.stack([number % 256, number // 256 % 256, number // 65536], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("edges", [(227, 227), (33, 47)])
def test_blocks_keep_their_pixels_and_the_share_is_shuffled(share, edges):
    before = numbered(6, *edges)
    after = PatchShuffle(share)(before, seed=(1, 2)).numpy()
    np.testing.assert_array_equal(np.sort(keys(before)), np.sort(keys(after)))
    moved = (keys(before) != keys(after)).any(axis=-1)
    # Four standard deviations of a binomial share.
    assert abs(moved.mean() - share) <= 4 * np.sqrt(share * (1 - share) / moved.size)
    rest = edges[0] // 4 * 4, edges[1] // 4 * 4
    np.testing.assert_array_equal(after[:, rest[0] :], before[:, rest[0] :])
    np.testing.assert_array_equal(after[:, :, rest[1] :], before[:, :, rest[1] :])


def test_every_place_is_as_likely():
    before = numbered(8, 224, 224)
    after = PatchShuffle(1.0)(before, seed=(3, 4)).numpy()
    came_from = origins(before, after)
    counts = np.stack([np.bincount(came_from[:, place], minlength=16) for place in range(16)])
    expected = len(came_from) / 16
    # 225 degrees of freedom: a chi-square beyond 325 has a probability below 1e-5. The table of permutations
    # adds its own scatter, once, in proportion to the draws from it.
    assert ((counts - expected) ** 2 / expected).sum() < 325 * (1 + len(came_from) / 8192)


def test_neighbours_and_images_have_their_own_permutations():
    before = numbered(4, 64, 64)
    after = PatchShuffle(1.0)(before, seed=(5, 6)).numpy()
    came_from = origins(before, after)
    assert len(np.unique(came_from, axis=0)) > 0.9 * len(came_from)


def test_float_and_8_bit_images_are_shuffled_alike(photos, images):
    levels = PatchShuffle(0.5)(photos, seed=(7, 8)).numpy()
    ours = PatchShuffle(0.5, value_range=(0, 1))(images, seed=(7, 8))
    np.testing.assert_allclose(ours, levels.astype(np.float32) / 255, atol=1e-6)


def test_wrong_share():
    for share in (-0.1, 1.1):
        with pytest.raises(ValueError, match=f"^share={share}: expected 0 to 1"):
            PatchShuffle(share)
