"""AlexNet's shapes and sizes."""

from __future__ import annotations

import keras
import pytest

from aesthkeras.encoders import BLOCK_NAMES, AlexNet

layers = keras.layers

# Edges by hand: conv1 floor((S - 11) / 4) + 1, each max-pool floor((E - 3) / 2) + 1.
SHAPES = {
    (227, 1.0): [(55, 96), (27, 256), (13, 384), (13, 384), (13, 256)],
    (227, 0.5): [(55, 48), (27, 128), (13, 192), (13, 192), (13, 128)],
    (131, 0.5): [(31, 48), (15, 128), (7, 192), (7, 192), (7, 128)],
    (96, 0.125): [(22, 16), (10, 32), (4, 48), (4, 48), (4, 32)],  # 96 / 8 = 12 goes up to 16
}


@pytest.mark.parametrize("size, width", SHAPES)
def test_block_shapes(size: int, width: float):
    output = AlexNet(size, width).output
    shapes = [list(output[block].shape) for block in BLOCK_NAMES]
    assert shapes == [[None, edge, edge, channels] for edge, channels in SHAPES[size, width]]
    assert list(output["embedding"].shape) == [None, 512]


def test_parameters_by_hand():
    kernels = [
        11 * 11 * 3 * 96,
        5 * 5 * 96 * 256,
        3 * 3 * 256 * 384,
        3 * 3 * 384 * 384,
        3 * 3 * 384 * 256,
        6 * 6 * 256 * 512,
    ]
    normalized = 96 + 256 + 384 + 384 + 256 + 512  # scale, shift, mean, variance
    model = AlexNet()
    assert model.count_params() == sum(kernels) + 4 * normalized == 8_471_968
    assert 4 * model.count_params() < 40e6  # bytes in float32: a trained one is kept in git


def test_embedding_size_is_a_parameter():
    model = AlexNet(96, 0.125, embedding_size=40)
    assert list(model.output["embedding"].shape) == [None, 40]
    assert model.get_layer("embedding_dense").kernel.shape == (1 * 1 * 32, 40)


def test_order_of_layers():
    kinds = [type(layer) for layer in AlexNet(96, 0.125).layers[2:]]
    block = [layers.Conv2D, layers.BatchNormalization, layers.ReLU]
    pool = [layers.MaxPooling2D]
    last = [layers.Flatten, layers.Dense, layers.BatchNormalization, layers.ReLU]
    assert kinds == block + pool + block + pool + 3 * block + pool + last


def test_no_biases():
    model = AlexNet(96, 0.125)
    assert not any(
        layer.use_bias for layer in model.layers if isinstance(layer, (layers.Conv2D, layers.Dense))
    )
