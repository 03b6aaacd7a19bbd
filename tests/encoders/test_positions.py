"""Where conv5 looks, by hand and by what changes it."""

from __future__ import annotations

import numpy as np
import pytest

from aesthkeras.encoders import build_encoder, conv5_centers
from aesthkeras.encoders.build import ENCODERS


@pytest.mark.parametrize("size", [96, 131])
@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_as_many_as_the_encoder_has(name: str, size: int):
    conv5 = build_encoder(name, input_size=size, width=0.125).output["conv5"]
    assert len(conv5_centers(name, size)[0]) == conv5.shape[1] == conv5.shape[2]


def test_alexnet_by_hand():
    # The first 11x11 window is centred on pixel 5; the max-pools add one position each, of 4 and of 8 pixels.
    centers, stride = conv5_centers("alexnet", 131)
    assert stride == 16
    np.testing.assert_array_equal(centers, [17, 33, 49, 65, 81, 97, 113])


def test_resnet_by_hand():
    # 131 -> 66 with 3 zeros before it (pixel 0), -> 33 with none (one of stride 2 further), then with 1 each.
    centers, stride = conv5_centers("resnet18", 131)
    assert stride == 32
    np.testing.assert_array_equal(centers, [2, 34, 66, 98, 130])


def test_a_position_sees_as_far_to_both_sides_of_its_centre():
    # Receptive field of AlexNet's conv5: 11 + 2*4 + 4*8 + 2*8 + 3*2*16 = 163 pixels.
    encoder, position = build_encoder("alexnet", input_size=227, width=0.125), 6
    center = int(conv5_centers("alexnet", 227)[0][position])
    photo = np.random.default_rng(0).integers(0, 256, (227, 227, 3), np.uint8)
    photos = np.stack([photo] * 5)
    for index, row in enumerate([center - 82, center - 81, center + 81, center + 82], start=1):
        photos[index, row] = 255 - photos[index, row]
    seen = encoder(photos)["conv5"].numpy()[:, position]
    changed = np.abs(seen[1:] - seen[0]).max(axis=(1, 2)) > 1e-6
    np.testing.assert_array_equal(changed, [False, True, True, False])
