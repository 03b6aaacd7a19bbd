"""EfficientNet-lite0 against numpy, and the file of weights that it is filled from."""

from __future__ import annotations

import io
import pickle

import keras
import numpy as np
import pytest

from aesthkeras.encoders.efficientnet_lite0 import LITE0, efficientnet_lite0, set_weights_of_state
from aesthkeras.encoders.pytorch_state import read_state
from tests.lite0_package import pytorch_file, random_state

PIXELS = np.random.default_rng(5).integers(0, 256, (2, 64, 64, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def network_and_state() -> tuple[keras.Model, dict[str, np.ndarray]]:
    model = efficientnet_lite0(64)
    state = random_state(model.get_layer(LITE0))
    set_weights_of_state(model.get_layer(LITE0), state)
    return model, state


@pytest.fixture(scope="module")
def encoder(network_and_state) -> keras.Model:
    return network_and_state[0]


@pytest.fixture(scope="module")
def state(network_and_state) -> dict[str, np.ndarray]:
    return network_and_state[1]


def test_five_stages_and_an_embedding(encoder):
    shapes = {name: tuple(output.shape) for name, output in encoder(PIXELS).items()}
    assert shapes == {
        "conv1": (2, 32, 32, 16),
        "conv2": (2, 16, 16, 24),
        "conv3": (2, 8, 8, 40),
        "conv4": (2, 4, 4, 112),
        "conv5": (2, 2, 2, 320),
        "embedding": (2, 1280),
    }
    # of the table in the paper, 4.65 million less 1000 classes x 1281
    assert sum(np.prod(weight.shape) for weight in encoder.trainable_weights) == 4_652_008 - 1_281_000


def outputs_of(encoder: keras.Model, *names: str) -> list[np.ndarray]:
    network = encoder.get_layer(LITE0)
    model = keras.Model(network.input, [network.get_layer(name).output for name in names])
    return [np.asarray(output, np.float64) for output in model((PIXELS - 127) / 128)]


def normalized(values: np.ndarray, state: dict, name: str) -> np.ndarray:
    weight, bias, mean, variance = (
        state[f"{name}.{part}"].astype(np.float64)
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    return (values - mean) / np.sqrt(variance + 1e-3) * weight + bias


def convolved(values: np.ndarray, kernel: np.ndarray, stride: int, depthwise: bool) -> np.ndarray:
    """TensorFlow's `same`: of an odd rest, the larger part of the border is below and to the right."""
    size, edge = kernel.shape[2], values.shape[1]
    border = max((-(-edge // stride) - 1) * stride + size - edge, 0)
    sides = (border // 2, border - border // 2)
    values = np.pad(values, ((0, 0), sides, sides, (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(values, (size, size), (1, 2))[:, ::stride, ::stride]
    if depthwise:
        return np.einsum("nhwcij,cij->nhwc", windows, kernel[:, 0])
    return np.einsum("nhwcij,ocij->nhwo", windows, kernel)


@pytest.mark.parametrize(
    ("before", "after", "kernel", "batch_norm", "stride"),
    [
        ("images", "bn0_relu", "_conv_stem", "_bn0", 2),
        ("bn0_relu", "block0_bn1_relu", "_blocks.0._depthwise_conv", "_blocks.0._bn1", 1),
        ("block1_bn0_relu", "block1_bn1_relu", "_blocks.1._depthwise_conv", "_blocks.1._bn1", 2),
        ("block3_bn0_relu", "block3_bn1_relu", "_blocks.3._depthwise_conv", "_blocks.3._bn1", 2),
    ],
)
def test_convolutions_are_those_of_the_weights_by_numpy(
    encoder, state, before, after, kernel, batch_norm, stride
):
    given, made = outputs_of(encoder, before, after)
    values = convolved(given, state[f"{kernel}.weight"], stride, "depthwise" in kernel)
    expected = np.clip(normalized(values, state, batch_norm), 0, 6)
    assert (expected > 0).mean() > 0.2 and (expected < 6).mean() > 0.5
    np.testing.assert_allclose(made, expected, rtol=1e-4, atol=1e-4)


def test_a_unit_of_equal_shape_adds_its_input(encoder, state):
    before, wide, after = outputs_of(encoder, "block1_bn2", "block2_bn1_relu", "block2_add")
    projected = convolved(wide, state["_blocks.2._project_conv.weight"], 1, False)
    expected = before + normalized(projected, state, "_blocks.2._bn2")
    np.testing.assert_allclose(after, expected, rtol=1e-4, atol=1e-4)


def test_pixels_are_scaled_to_about_one(encoder):
    scaled = keras.Model(encoder.input, encoder.get_layer("scaled").output)(PIXELS)
    np.testing.assert_allclose(scaled, (PIXELS - 127) / 128, atol=1e-6)


def test_weights_of_another_network_are_refused(encoder, state):
    network = encoder.get_layer(LITE0)  # what it is given ahead of the error is what it has
    less = {name: array for name, array in state.items() if name != "_blocks.9._bn2.bias"}
    with pytest.raises(ValueError, match="without '_blocks.9._bn2.bias'"):
        set_weights_of_state(network, less)
    with pytest.raises(ValueError):
        set_weights_of_state(network, {**state, "_bn0.bias": np.zeros(7, np.float32)})


ARRAYS = {"a": np.arange(24, dtype=np.float32).reshape(2, 3, 4), "b": np.array([3, 1, 2])}


def test_tensors_are_read_wherever_they_lie_in_their_storage():
    state = read_state(io.BytesIO(pytorch_file(ARRAYS)))
    assert list(state) == ["a", "b"]
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(state[name], array)
        assert state[name].dtype == array.dtype


def test_a_file_cut_anywhere_is_refused():
    content = pytorch_file(ARRAYS)
    for length in range(len(content)):
        with pytest.raises(ValueError):
            read_state(io.BytesIO(content[:length]))


class Harm:
    def __reduce__(self):
        return pytest.fail, ("code of the file was run",)


def test_a_file_that_would_run_code_is_refused():
    with pytest.raises(ValueError, match="no part of weights"):
        read_state(io.BytesIO(pickle.dumps(Harm(), 2)))
