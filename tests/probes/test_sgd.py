"""The paper's probe: what trains together ends as it would alone."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.errors import UsageError
from aesthkeras.labelled.features import pooling_function
from aesthkeras.networks.settings import STANDARDIZATION_EPSILON
from aesthkeras.photos.inspection import inspect_photos
from aesthkeras.probes import exact
from aesthkeras.probes.inputs import PhotoFeatures
from aesthkeras.probes.rows import FeatureRows
from aesthkeras.probes.settings import ProbeRecipe
from aesthkeras.probes.sgd import ProbeBank, train_banks, weight_decays
from aesthkeras.probes.streamed import StreamedProblem
from aesthkeras.training.checkpoints import TrainingCheckpoint

RECIPE = ProbeRecipe(solver="sgd", batch_size=8, epochs=3, learning_rate_epochs=2, seeds=2)
LABELS = {number: number % 2 for number in range(20)}
FEW = {number: number % 2 for number in (3, 4, 7, 10, 15)}


@pytest.fixture(scope="module")
def photos(rated, tmp_path_factory):
    paths = sorted(str(path) for path in (rated.folder / "images").iterdir())[:20]
    folder = str(tmp_path_factory.mktemp("verdict"))
    return inspect_photos(paths, folder, edge=104, cache="memory", progress=False)


@pytest.fixture(scope="module")
def train(encoder, photos, tmp_path_factory):
    """`train(layers, [(seeds, labels), ...])`: trained banks."""

    def run(layers, wanted, recipe=RECIPE, checkpoint=None, decay=5e-4):
        checkpoint = checkpoint or TrainingCheckpoint(tmp_path_factory.mktemp("unused"), minutes=60)
        pooled = pooling_function(encoder.model, layers, "vissl")
        values = {layer: int(pooled.structured_outputs[layer].shape[-1]) for layer in layers}
        decays = dict.fromkeys(values, decay)
        banks = [ProbeBank(values, seeds, labels, recipe, decays) for seeds, labels in wanted]
        train_banks(banks, pooled, photos, encoder, recipe, 7, checkpoint)
        return banks

    return run


@pytest.fixture(scope="module")
def together(train):
    return train(["conv1", "conv5"], [([0, 1], LABELS), ([0, 1], FEW)])


@pytest.mark.parametrize("layer", ["conv1", "conv5"])
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("bank, labels", [(0, LABELS), (1, FEW)])
def test_alone_or_together_the_weights_are_the_same(train, together, layer, seed, bank, labels):
    (alone,) = train([layer], [([seed], labels)])
    columns = slice(2 * seed, 2 * seed + 2)
    kernel = together[bank].kernels[layer][:, columns]
    assert np.abs(kernel - together[bank]._initial_kernel(layer, kernel.shape[0])[:, columns]).max() > 1e-3
    np.testing.assert_allclose(alone.kernels[layer], kernel, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(
        alone.biases[layer], together[bank].biases[layer][columns], rtol=1e-3, atol=1e-5
    )
    for name in ("moving_mean", "moving_variance"):
        ours, theirs = (getattr(one.normalizations[layer], name) for one in (alone, together[bank]))
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)


class Killed(TrainingCheckpoint):
    """A checkpoint whose process dies right after the fifth step."""

    def save_in_time(self, step):
        super().save_in_time(step)
        if step == 5:
            raise KeyboardInterrupt


def test_a_killed_training_goes_on_and_ends_with_the_same_weights(train, together, tmp_path):
    wanted, folder = [([0, 1], LABELS), ([0, 1], FEW)], tmp_path / "part"
    with pytest.raises(KeyboardInterrupt):
        train(["conv1", "conv5"], wanted, checkpoint=Killed(folder, minutes=0))
    assert tf.train.latest_checkpoint(str(folder)).endswith("step-5")
    resumed = train(["conv1", "conv5"], wanted, checkpoint=TrainingCheckpoint(folder, minutes=60))
    for ours, theirs in zip(resumed, together):
        assert ours.updates == theirs.updates
        for layer in ("conv1", "conv5"):
            np.testing.assert_array_equal(ours.kernels[layer], theirs.kernels[layer])
            np.testing.assert_array_equal(
                ours.normalizations[layer].moving_variance, theirs.normalizations[layer].moving_variance
            )


def test_a_checkpoint_of_other_probes_is_refused_in_one_line(train, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(["conv1"], [([0], LABELS)], checkpoint=Killed(tmp_path, minutes=0))
    with pytest.raises(UsageError, match="step-5: expected a whole checkpoint of this run") as caught:
        train(["conv1"], [([0, 1], LABELS)], checkpoint=TrainingCheckpoint(tmp_path, minutes=60))
    assert "\n" not in str(caught.value)


def test_probes_that_lose_their_numbers_end_the_run_and_do_not_go_on(train, tmp_path):
    fast = replace(RECIPE, learning_rate=100.0, momentum=0.9, weight_decay=0.0, learning_rate_epochs=3)

    def run_once() -> str:
        pooled = [([0], LABELS)]
        with pytest.raises(UsageError) as caught:
            train(["conv1"], pooled, fast, TrainingCheckpoint(tmp_path, minutes=0), decay=1e6)
        return str(caught.value)

    line = run_once()
    assert line.startswith("learning_rate=100.0: weights became infinite or nan in epoch ")
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(str(tmp_path)))
    kept = [name for name in reader.get_variable_to_shape_map() if "kernels" in name and "ATTRIBUTES" in name]
    assert kept and all(np.isfinite(reader.get_tensor(name)).all() for name in kept)
    assert run_once().startswith(line)


def test_the_chosen_decay_is_the_penalty_of_the_exact_solver():
    generator = np.random.default_rng(0)
    labels = np.arange(60) % 2
    values = generator.normal(size=(60, 1, 8)).astype(np.float32)
    values[:, 0, 0] += labels  # hard to tell: a strong penalty is best
    recipe = replace(RECIPE, layers="conv1", decay="chosen", learning_rate=1e-3)
    train, groups = np.arange(60), np.arange(60)
    features = PhotoFeatures({"conv1": values}, train)
    rows = features.rows("conv1", train)
    strength = exact.fit_block(rows, rows, labels, groups, recipe.seed).labels.strength
    found = weight_decays(features, train, labels, groups, recipe)
    assert found == {"conv1": pytest.approx(2 * 8 / (strength * 60))}
    given = replace(recipe, decay="given", weight_decay=0.25)
    assert weight_decays(PhotoFeatures(), train, labels, groups, given) == {"conv1": 0.25}
    # where rate times decay would be above 1, every step would make the weights larger
    fast = replace(recipe, learning_rate=50.0)
    assert weight_decays(features, train, labels, groups, fast) == {"conv1": 0.02}


def test_a_small_set_gets_its_own_batches(together):
    assert [bank.batch_size for bank in together] == [8, 5]
    assert together[0].updates == 9  # 3 epochs of 20 photos in batches of 8
    assert together[1].updates in (3, 4)  # 72 patches of 20 photos, of which 5 are labelled


def test_updates_are_nesterov_with_decay_in_the_gradient():
    generator = np.random.default_rng(0)
    recipe = replace(RECIPE, batch_size=6, learning_rate=0.1)
    labels = {number: number % 2 for number in range(6)}
    bank = ProbeBank({"conv1": 4}, [5], labels, recipe, {"conv1": 0.05})
    weights, bias = bank.kernels["conv1"].numpy().astype(np.float64), np.zeros(2)
    velocity, bias_velocity = np.zeros_like(weights), np.zeros(2)
    targets = np.eye(2)[[0, 1, 0, 1, 0, 1]]
    for _ in range(4):
        features = generator.normal(3, 2, (6, 4)).astype(np.float32)
        bank.learn({"conv1": tf.constant(features)}, np.arange(6))
        normalized = (features - features.mean(0)) / np.sqrt(features.var(0) + STANDARDIZATION_EPSILON)
        exponentials = np.exp(normalized @ weights + bias)
        error = (exponentials / exponentials.sum(1, keepdims=True) - targets) / 6
        gradient, bias_gradient = normalized.T @ error + 0.05 * weights, error.sum(0)
        velocity, bias_velocity = 0.9 * velocity - 0.1 * gradient, 0.9 * bias_velocity - 0.1 * bias_gradient
        weights += 0.9 * velocity - 0.1 * gradient
        bias += 0.9 * bias_velocity - 0.1 * bias_gradient
    np.testing.assert_allclose(bank.kernels["conv1"], weights, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(bank.biases["conv1"], bias, rtol=1e-3, atol=1e-5)


def test_moving_statistics_are_means_even_after_few_updates():
    labels = {number: number % 2 for number in range(8)}
    bank = ProbeBank({"conv1": 3}, [0], labels, RECIPE, {"conv1": 5e-4})
    features = np.random.default_rng(0).normal(5, 2, (8, 3)).astype(np.float32)
    for _ in range(2):
        bank.learn({"conv1": tf.constant(features)}, np.arange(8))
    bank.finish()
    np.testing.assert_allclose(bank.normalizations["conv1"].moving_mean, features.mean(0), rtol=1e-5)
    np.testing.assert_allclose(bank.normalizations["conv1"].moving_variance, features.var(0), rtol=1e-5)


def test_with_the_same_penalty_it_agrees_with_the_exact_solver():
    generator = np.random.default_rng(0)
    labels = np.arange(64) % 2
    features = (generator.normal(size=(96, 10)) + np.tile([0, 1], 48)[:, np.newaxis]).astype(np.float32)
    strength = 1.5
    decay = exact.equal_weight_decay(strength, photos=64, values=10)
    recipe = replace(RECIPE, batch_size=64, learning_rate=0.1)
    bank = ProbeBank({"conv1": 10}, [0], dict(enumerate(labels)), recipe, {"conv1": decay})
    for _ in range(400):
        bank.learn({"conv1": tf.constant(features[:64])}, np.arange(64))
    bank.finish()
    train, test = (FeatureRows(features, np.arange(first, last)) for first, last in ((0, 64), (64, 96)))
    expected = StreamedProblem(train, [], labels).probabilities(strength, test)
    np.testing.assert_allclose(bank.probabilities("conv1", features[64:])[:, 0], expected, atol=2e-3)


def test_the_whole_run(rated, run_probe, tmp_path):
    recipe = {"epochs": 4, "batch_size": 8, "seeds": 2, "label_fractions": "0.5,1"}
    run = run_probe(rated.folder, tmp_path / "run", solver="sgd", repeats=1, folds=2, **recipe)
    with open(run / "results.csv", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 2 * 2 * 2 * 2  # layers, fractions, seeds, folds
    assert {row["seed"] for row in rows} == {"0", "1"}
    assert {row["srcc"] for row in rows} == {""}
    assert {row["solver"] for row in rows} == {"sgd"}
    stored = np.load(run / "predictions.npz")
    assert np.isfinite(stored["conv5/0.5/0"]).all()
    accuracies = [float(row["auc"]) for row in rows if row["fraction"] == "1"]
    assert np.mean(accuracies) > 0.6
