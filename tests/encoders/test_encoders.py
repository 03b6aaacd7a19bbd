"""What every encoder promises: names, shapes, order of layers, seeds, weight decay, precision, saving."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.encoders import BLOCK_NAMES, EMBEDDING, ENCODERS, build_encoder

NAMES = (*BLOCK_NAMES, EMBEDDING)


@pytest.fixture(params=sorted(ENCODERS))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def precision() -> Iterator[None]:
    """Leaves the global policy as it was."""
    before = keras.mixed_precision.global_policy()
    yield
    keras.mixed_precision.set_global_policy(before)


def pixels(count: int = 2, size: int = 96, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), np.uint8)


def small(name: str, **options: object) -> keras.Model:
    return build_encoder(name, **{"input_size": 96, "width": 0.125, **options})


def test_outputs_bear_the_names_of_their_layers(name: str):
    encoder = small(name)
    assert tuple(encoder.output) == NAMES
    for output in NAMES:
        assert encoder.get_layer(output).output is encoder.output[output]


def test_uint8_and_float_pixels_agree(name: str):
    encoder = small(name)
    whole, real = encoder(pixels()), encoder(pixels().astype(np.float32))
    for output in NAMES:
        np.testing.assert_array_equal(whole[output], real[output])


@pytest.mark.parametrize("training", [False, True])
def test_outputs_are_after_relu(name: str, training: bool):
    outputs = small(name)(pixels(8), training=training)
    for output in NAMES:
        values = outputs[output].numpy()
        assert values.min() >= 0
        if output == EMBEDDING and name == "resnet18":
            continue  # a mean over positions
        # A ReLU after batch normalisation silences a fair share; one before it would leave none or negatives.
        assert 0.05 < np.mean(values == 0) < 0.95, output


def test_blocks_are_normalized_before_relu():
    # In training, the input of a ReLU that follows batch normalisation has mean 0 and variance 1 per channel.
    encoder = small("alexnet")
    for output in NAMES:
        relu = encoder.get_layer(output)
        values = keras.Model(encoder.input, relu.input)(pixels(16), training=True).numpy()
        axes = tuple(range(values.ndim - 1))
        np.testing.assert_allclose(values.mean(axes), 0, atol=1e-3)
        variance = values.var(axes)
        # A channel whose own variance is near batch normalisation's epsilon comes out below 1, never above.
        assert variance.max() < 1.001 and np.median(variance) > 0.95


def test_seed_decides_the_weights(name: str):
    first, again, other = (small(name, seed=seed) for seed in (3, 3, 4))
    for one, two in zip(first.get_weights(), again.get_weights()):
        np.testing.assert_array_equal(one, two)
    for one, two in zip(first.trainable_weights, other.trainable_weights):
        if "kernel" in one.name:
            assert not np.allclose(one, two)


def test_layers_of_one_shape_draw_different_kernels(name: str):
    kernels = [weight.numpy() for weight in small(name).trainable_weights if "kernel" in weight.name]
    for index, one in enumerate(kernels):
        for two in kernels[index + 1 :]:
            # The streams differ from the first number on, whatever the shapes.
            scale = one.std() / two.std()
            assert not np.allclose(one.ravel()[:8], two.ravel()[:8] * scale, rtol=1e-2)


def test_kernels_start_he_normal(name: str):
    for weight in build_encoder(name, width=0.5, input_size=131).trainable_weights:
        if "kernel" in weight.name:
            fan_in = np.prod(weight.shape[:-1])
            # Keras cuts the normal at two deviations and corrects for it.
            np.testing.assert_allclose(weight.numpy().std(), np.sqrt(2 / fan_in), rtol=0.05)


def test_gradient_reaches_every_weight(name: str):
    encoder = small(name)
    with tf.GradientTape() as tape:
        embedding = encoder(pixels(8), training=True)[EMBEDDING]
        loss = tf.reduce_sum(embedding * tf.random.stateless_normal(embedding.shape, (1, 2)))
    for weight, gradient in zip(encoder.trainable_weights, tape.gradient(loss, encoder.trainable_weights)):
        assert gradient is not None and np.abs(gradient).max() > 0, weight.name


def test_weight_decay_is_l2_in_the_gradient_of_kernels_alone(name: str):
    encoder = small(name, weight_decay=0.01)
    with tf.GradientTape() as tape:
        loss = tf.add_n(encoder.losses)
    kernels = [weight for weight in encoder.trainable_weights if "kernel" in weight.name]
    expected = 0.005 * sum(np.sum(np.square(kernel.numpy())) for kernel in kernels)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    for weight, gradient in zip(encoder.trainable_weights, tape.gradient(loss, encoder.trainable_weights)):
        if "kernel" in weight.name:
            np.testing.assert_allclose(gradient, 0.01 * weight.numpy(), rtol=1e-5, atol=1e-9)
        else:
            assert gradient is None
    assert small(name, weight_decay=0.0).losses == []


def test_weight_decay_stays_float32_in_mixed_precision(name: str, precision: None):
    expected = tf.add_n(small(name).losses).numpy()
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    decay = tf.add_n(small(name).losses)
    assert decay.dtype == tf.float32
    np.testing.assert_allclose(decay, expected, rtol=1e-6)


def test_mixed_bfloat16(name: str, precision: None):
    expected = small(name)(pixels(8), training=True)
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    encoder = small(name)
    before = [weight.numpy() for weight in encoder.non_trainable_weights]
    outputs = encoder(pixels(8), training=True)
    assert {tf.as_dtype(weight.dtype) for weight in encoder.weights} == {tf.float32}
    assert all(outputs[block].dtype == tf.bfloat16 for block in BLOCK_NAMES)
    assert outputs[EMBEDDING].dtype == tf.float32
    for block in ("conv1", "conv2"):  # rounding to 8 bits of mantissa adds up with depth
        difference = tf.cast(outputs[block], tf.float32) - expected[block]
        assert tf.reduce_mean(tf.square(difference)) < 1e-3 * tf.reduce_mean(tf.square(expected[block]))
    for weight, old in zip(encoder.non_trainable_weights, before):
        assert np.all(np.isfinite(weight)) and not np.array_equal(weight, old), weight.name


def test_moving_statistics_follow_the_batch(name: str):
    encoder = small(name)
    if name == "alexnet_lab":
        encoder = encoder.get_layer("sees_ab")
    normalization = encoder.get_layer("conv1_normalization")
    convolved = keras.Model(encoder.input, normalization.input)(pixels(8)).numpy()
    encoder(pixels(8), training=True)
    # From 0 towards the batch's mean with momentum 0.9.
    expected = 0.1 * convolved.mean((0, 1, 2))
    np.testing.assert_allclose(normalization.moving_mean, expected, rtol=1e-3, atol=1e-5)


def test_inference_leaves_the_model_as_it_is(name: str):
    encoder = small(name)
    before = encoder.get_weights()
    encoder(pixels(8), training=False)
    for old, new in zip(before, encoder.get_weights()):
        np.testing.assert_array_equal(old, new)


def test_photo_alone_gives_what_it_gives_in_a_batch(name: str):
    encoder = small(name)
    together, alone = encoder(pixels(4)), encoder(pixels(4)[2:3])
    for output in NAMES:
        np.testing.assert_allclose(together[output][2:3], alone[output], rtol=1e-4, atol=1e-4)


def test_saved_and_loaded(name: str, tmp_path):
    encoder = small(name)
    encoder(pixels(8), training=True)  # moving statistics that are not the initial ones
    encoder.save(tmp_path / "encoder.keras")
    again = keras.models.load_model(tmp_path / "encoder.keras")
    expected, outputs = encoder(pixels()), again(pixels())
    for output in NAMES:
        np.testing.assert_allclose(outputs[output], expected[output], rtol=1e-6)
    np.testing.assert_allclose(tf.add_n(again.losses), tf.add_n(encoder.losses), rtol=1e-6)


@pytest.mark.parametrize("name", ["alexnet", "resnet18"])
def test_own_preprocessing_replaces_standardization(name: str):
    halved = small(name, preprocessing=keras.layers.Rescaling(0.5, name="halved"))
    convolution = halved.get_layer("conv1_convolution")
    seen = keras.Model(halved.input, convolution.input)(pixels())
    np.testing.assert_allclose(seen, pixels() * 0.5)
