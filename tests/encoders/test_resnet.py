"""ResNet-18's shapes, sizes and shortcuts."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from aesthkeras.encoders import BLOCK_NAMES, ResNet18

# Every stride of 2 is padded: ceil(S / 2) each time; the first stage keeps the edge that the max-pool leaves.
SHAPES = {
    (227, 1.0): [(114, 64), (57, 64), (29, 128), (15, 256), (8, 512)],
    (131, 0.5): [(66, 32), (33, 32), (17, 64), (9, 128), (5, 256)],
    (96, 0.125): [(48, 8), (24, 8), (12, 16), (6, 32), (3, 64)],
}


@pytest.mark.parametrize("size, width", SHAPES)
def test_block_shapes(size: int, width: float):
    output = ResNet18(size, width).output
    shapes = [list(output[block].shape) for block in BLOCK_NAMES]
    assert shapes == [[None, edge, edge, channels] for edge, channels in SHAPES[size, width]]
    assert list(output["embedding"].shape) == [None, SHAPES[size, width][-1][1]]


def test_parameters_by_hand():
    # torchvision's resnet18 has 11,689,512: less its classifier of 512 x 1000 + 1000, plus two moving
    # statistics for each of the 4800 normalised channels.
    stages = 4 * 64 + 5 * 128 + 5 * 256 + 5 * 512
    assert ResNet18().count_params() == 11_689_512 - 513_000 + 2 * (64 + stages)


def test_embedding_is_the_mean_of_the_last_block():
    pixels = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3), np.uint8)
    outputs = ResNet18(96, 0.125)(pixels)
    np.testing.assert_allclose(outputs["embedding"], outputs["conv5"].numpy().mean((1, 2)), rtol=1e-5)


def test_shortcut_carries_the_input_past_a_silent_unit():
    model = ResNet18(96, 0.125)
    silent = model.get_layer("conv2_unit2_second")
    silent.gamma.assign(np.zeros(silent.gamma.shape))
    pixels = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3), np.uint8)
    before, after = keras.Model(model.input, [model.get_layer("conv2_unit1").output, model.output["conv2"]])(
        pixels
    )
    np.testing.assert_array_equal(before, after)
