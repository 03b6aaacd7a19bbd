"""What a head computes, by hand, and that it can be written down and rebuilt."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest

from aesthkeras.encoders import build_encoder
from aesthkeras.networks.heads import build_network, build_scorer, scorer_of_blocks, scoring_model

VALUES = {"conv5": 6, "embedding": 4}


@pytest.fixture(scope="module")
def features() -> dict[str, np.ndarray]:
    chance = np.random.default_rng(0)
    return {name: chance.normal(2, 3, (5, number)).astype(np.float32) for name, number in VALUES.items()}


def network(outputs: int, **options) -> keras.Model:
    """With statistics and weights that are not the initial ones."""
    built = build_network(VALUES, [3], outputs, **{"members": 2, **options})
    chance = np.random.default_rng(1)
    built.set_weights([chance.uniform(0.2, 1, weight.shape) for weight in built.get_weights()])
    return built


def raw(built: keras.Model, features: dict[str, np.ndarray]) -> np.ndarray:
    """Standardisation, hidden layer with ReLU and output of each member, in numpy: `[M, N, outputs]`."""
    parts = []
    for name in VALUES:
        mean, variance = built.get_layer(f"{name}_normalization").get_weights()
        parts.append((features[name] - mean) / np.sqrt(variance + 1e-3))
    kernel, bias = built.get_layer("hidden1").get_weights()
    hidden = np.maximum(np.concatenate(parts, 1) @ kernel + bias[:, np.newaxis], 0)
    kernel, bias = built.get_layer("output").get_weights()
    return hidden @ kernel + bias[:, np.newaxis]


def test_binary_score_is_the_sigmoid_of_the_logit_over_the_temperature(features):
    built = network(1, dropout=0.5)
    answer = build_scorer(built, "binary", temperature=2.5)(features)
    assert set(answer) == {"score"}
    logits = raw(built, features)[..., 0].mean(0)
    np.testing.assert_allclose(answer["score"], 1 / (1 + np.exp(-logits / 2.5)), rtol=1e-5)


def test_rating_is_on_the_scale_of_the_set(features):
    built = network(1)
    scorer = build_scorer(built, "score", threshold=60, temperature=8, mean=50, deviation=20)
    ratings = raw(built, features)[..., 0].mean(0) * 20 + 50
    np.testing.assert_allclose(scorer(features)["rating"], ratings, rtol=1e-5)
    np.testing.assert_allclose(scorer(features)["score"], 1 / (1 + np.exp((60 - ratings) / 8)), rtol=1e-4)


def test_distribution_gives_the_mean_of_its_ratings(features):
    built = network(4)
    powers = np.exp(raw(built, features))
    shares = (powers / powers.sum(-1, keepdims=True)).mean(0)
    ratings = shares @ [1, 2, 3, 4]
    answer = build_scorer(built, "distribution", threshold=2.5, temperature=0.3)(features)
    np.testing.assert_allclose(answer["distribution"], shares, rtol=1e-5)
    np.testing.assert_allclose(answer["rating"], ratings, rtol=1e-5)
    np.testing.assert_allclose(answer["score"], 1 / (1 + np.exp((2.5 - ratings) / 0.3)), rtol=1e-4)


def test_linear_path_adds_to_what_the_hidden_layers_say(features):
    built = network(1, linear_path=True)
    seen = [
        (features[name] - mean) / np.sqrt(variance + 1e-3)
        for name in VALUES
        for mean, variance in [built.get_layer(f"{name}_normalization").get_weights()]
    ]
    linear = np.concatenate(seen, 1) @ built.get_layer("linear").get_weights()[0]
    expected = np.moveaxis(raw(built, features) + linear, 0, 1)
    np.testing.assert_allclose(built(features), expected, rtol=1e-4)


def test_projection_comes_before_the_hidden_layers_and_is_not_trained(features):
    built = build_network(VALUES, [3], 1, components=2)
    assert built.get_layer("projection").get_weights()[0].shape == (10, 2)
    assert built.get_layer("hidden1").get_weights()[0].shape == (1, 2, 3)
    trained = {layer.name for layer in built.layers if layer.trainable_weights}
    assert trained == {"hidden1", "output"}


def test_a_scorer_is_rebuilt_from_its_configuration(features):
    scorer = build_scorer(network(4), "distribution", threshold=2.5, temperature=0.3)
    again = keras.models.model_from_json(json.dumps(json.loads(scorer.to_json())))
    again.set_weights(scorer.get_weights())
    for name, values in scorer(features).items():
        np.testing.assert_array_equal(again(features)[name], values)


def test_weight_decay_is_that_of_caffe(features):
    """The gradient of what the model adds to the loss is the decay times the kernel; biases have none."""
    built = network(1, weight_decay=0.3)
    kernels = [built.get_layer(name).get_weights()[0] for name in ("hidden1", "output")]
    np.testing.assert_allclose(sum(built.losses), 0.15 * sum((k**2).sum() for k in kernels), rtol=1e-5)


def test_equal_seeds_give_equal_weights_and_others_do_not():
    first, second, other = (build_network(VALUES, [3], 1, seed=seed).get_weights() for seed in (5, 5, 6))
    assert all(np.array_equal(a, b) for a, b in zip(first, second))
    assert not any(np.array_equal(a, b) for a, b in zip(first, other) if a.ndim == 3)


def test_scoring_model_pools_as_the_probes_do():
    encoder = build_encoder("alexnet", input_size=96, width=0.125)
    built = build_network({"conv3": 4 * 4 * 48}, [], 1, seed=1)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3), np.uint8)
    scorer = scorer_of_blocks(build_scorer(built, "binary"), encoder)
    answer = scoring_model(encoder, scorer)(pixels)
    assert answer["conv3"].shape == (2, 4, 4, 48)
    kernel, bias = built.get_layer("output").get_weights()
    pooled = np.reshape(answer["conv3"], (2, -1)) / np.sqrt(1.001)  # initial statistics: mean 0, variance 1
    logits = (pooled @ kernel[0] + bias[0])[:, 0]
    np.testing.assert_allclose(answer["score"], 1 / (1 + np.exp(-logits)), rtol=1e-4)


def test_a_scorer_of_statistics_reads_mean_deviation_and_greatest_value_of_each_channel():
    encoder = build_encoder("alexnet", input_size=96, width=0.125)
    built = build_network({"conv3": 3 * 48}, [], 1, seed=1)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3), np.uint8)
    scorer = scorer_of_blocks(build_scorer(built, "binary"), encoder, "statistics")
    answer = scoring_model(encoder, scorer)(pixels)
    maps = np.asarray(answer["conv3"])
    values = np.concatenate([maps.mean((1, 2)), maps.std((1, 2)), maps.max((1, 2))], -1) / np.sqrt(1.001)
    kernel, bias = built.get_layer("output").get_weights()
    logits = (values @ kernel[0] + bias[0])[:, 0]
    np.testing.assert_allclose(answer["score"], 1 / (1 + np.exp(-logits)), rtol=1e-3)
