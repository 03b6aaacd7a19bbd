"""A head in training: who learns from whom, what is kept, and that a cut changes nothing."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.errors import UsageError
from aesthkeras.networks.heads import build_network
from aesthkeras.scorers.inputs import FeatureInputs
from aesthkeras.scorers.settings import ScorerRecipe
from aesthkeras.scorers.targets import Target
from aesthkeras.scorers.training import HeadTraining, train_head
from aesthkeras.training.checkpoints import TrainingCheckpoint
from aesthkeras.training.run_folder import RunFolder

RECIPE = ScorerRecipe(batch_size=8, members=2, epochs=4, learning_rate=0.05, dropout=0.0, weight_decay=0.0)
PHOTOS = 20


@pytest.fixture(scope="module")
def features() -> dict[str, np.ndarray]:
    return {"embedding": np.random.default_rng(0).normal(size=(PHOTOS, 3, 6)).astype(np.float32)}


@pytest.fixture(scope="module")
def target(features) -> Target:
    values = features["embedding"][:, 0, :1] * 2 + features["embedding"][:, 0, 1:2] ** 2
    return Target("score", values, np.zeros(1))


def new_training(steps: int = 3, recipe: ScorerRecipe = RECIPE, **options) -> HeadTraining:
    network = build_network({"embedding": 6}, [5], 1, members=2, seed=1, **options)
    return HeadTraining(network, "score", recipe, steps)


def test_each_photo_comes_once_an_epoch_and_a_stream_goes_on_at_any_step(features):
    inputs, photos = FeatureInputs(features), np.arange(3, 17)
    stream = inputs.training(photos, batch_size=5, seed=2, first_step=0)
    batches = [next(stream) for _ in range(14)]
    shown = np.concatenate([rows for _, rows, _ in batches])
    for epoch in range(5):
        assert sorted(shown[14 * epoch : 14 * (epoch + 1)]) == list(photos)
    assert list(shown[:14]) != list(shown[14:28])
    again = next(inputs.training(photos, batch_size=5, seed=2, first_step=7))
    np.testing.assert_array_equal(again[1], batches[7][1])
    np.testing.assert_array_equal(again[0]["embedding"], batches[7][0]["embedding"])
    rows, fed = batches[3][1], batches[3][0]["embedding"]
    assert all((features["embedding"][row] == values).all(1).any() for row, values in zip(rows, fed))


def test_a_member_learns_from_its_own_photos_only(features, target):
    """The second member has none in the batch: it stays as it is, the first one moves."""
    training = new_training()
    before = [variable.numpy() for variable in training.variables]
    weights = np.stack([np.ones(8), np.zeros(8)], 1).astype(np.float32)
    training.learn({"embedding": features["embedding"][:8, 0]}, target.values[:8], weights)
    for old, variable in zip(before, training.variables):
        assert not np.array_equal(old[0], variable[0])
        np.testing.assert_array_equal(old[1], variable[1])


def test_the_best_weights_of_each_member_are_kept():
    training = new_training()
    first = [variable.numpy() for variable in training.variables]
    training.judge(1, np.array([1.0, 1.0]))
    for variable in training.variables:
        variable.assign(variable + 1)
    training.judge(2, np.array([0.5, 1.5]))
    for variable in training.variables:
        variable.assign(variable + 1)
    training.judge(3, np.array([np.nan, 2.0]))
    training.take_best()
    for old, variable in zip(first, training.variables):
        np.testing.assert_allclose(variable[0], old[0] + 1)
        np.testing.assert_array_equal(variable[1], old[1])
    assert training.best_epochs.tolist() == [2, 1]


def folds() -> tuple[np.ndarray, np.ndarray]:
    checks = np.zeros((PHOTOS, 2), np.float32)
    checks[0:4, 0], checks[4:8, 1] = 1, 1
    return 1 - checks, checks


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_a_training_that_was_cut_inside_an_epoch_ends_with_the_same_weights(
    features, target, tmp_path, monkeypatch, dropout
):
    recipe = replace(RECIPE, learning_rate=0.01) if dropout else RECIPE  # that of RECIPE loses its numbers

    def run(name: str) -> HeadTraining:
        training = new_training(recipe=recipe, dropout=dropout)
        checkpoint = TrainingCheckpoint(tmp_path / f"{name}.training", 0)
        folder = RunFolder(tmp_path / name)
        folder.path.mkdir(exist_ok=True)
        train_head(training, FeatureInputs(features), target, *folds(), recipe, 5, folder, checkpoint)
        return training

    whole = run("whole")
    learn, steps = HeadTraining.learn, []

    def learn_until_killed(self, *batch):
        if len(steps) == 7:
            raise KeyboardInterrupt
        steps.append(1)
        learn(self, *batch)

    monkeypatch.setattr(HeadTraining, "learn", learn_until_killed)
    with pytest.raises(KeyboardInterrupt):
        run("cut")
    monkeypatch.setattr(HeadTraining, "learn", learn)
    cut = run("cut")
    # momentum and the counts of dropout are of the last step, weights of the best epoch
    for part in ("network", "optimizer"):
        ours, theirs = (list(training.trackables()[part].variables) for training in (whole, cut))
        assert len(ours) == len(theirs) > 0
        for one, other in zip(ours, theirs):
            np.testing.assert_array_equal(one, other, one.name)
    assert whole.best_losses.tolist() == cut.best_losses.tolist()
    assert whole.best_epochs.tolist() == cut.best_epochs.tolist()
    assert (tmp_path / "cut" / "metrics.jsonl").read_text() == (
        tmp_path / "whole" / "metrics.jsonl"
    ).read_text()
    assert len(RunFolder(tmp_path / "whole").history()) == RECIPE.epochs
    learned = whole.best_losses.max() < np.square(target.values[:8]).mean()
    assert learned or dropout  # half of so few values tells it nothing


def test_no_better_validation_for_a_while_ends_it(features, target, tmp_path):
    """A rate too large to learn: the first epochs are the best there are."""
    recipe = replace(RECIPE, epochs=50, patience=2, learning_rate=1e-9)
    training = new_training(recipe=recipe)
    training.best_losses[:] = 0  # nothing can be better
    folder = RunFolder(tmp_path)
    train_head(
        training,
        FeatureInputs(features),
        target,
        *folds(),
        recipe,
        5,
        folder,
        TrainingCheckpoint(tmp_path / "state", 10),
    )
    assert [logs["epoch"] for logs in folder.history()] == [1, 2]


def test_degraded_copies_end_below_their_photos(features, target, tmp_path):
    """Copies have more of what is liked, as noise has of detail; the sixth value tells them apart."""
    rng = np.random.default_rng(3)
    copies = np.repeat(features["embedding"][:, :1], 2, 1)
    copies[:, :, 0] += 1
    copies[:, :, 5] += rng.uniform(2, 3, (PHOTOS, 2)).astype(np.float32)
    both = {"embedding": np.concatenate([features["embedding"], copies], 1)}
    lower, kept = {}, {}
    for name, inputs in (("without", FeatureInputs(features)), ("with", FeatureInputs(both, copies=2))):
        recipe = replace(RECIPE, epochs=30, learning_rate=0.02, copy_weight=2.0, patience=30)
        training, folder = new_training(recipe=recipe), RunFolder(tmp_path / name)
        folder.path.mkdir()
        checkpoint = TrainingCheckpoint(tmp_path / f"{name}.training", 0)
        train_head(training, inputs, target, *folds(), recipe, 5, folder, checkpoint)
        said = training.outputs({"embedding": features["embedding"][:, 0]}).numpy()[..., 0]
        said_of_copies = training.outputs({"embedding": copies[:, 0]}).numpy()[..., 0]
        lower[name] = (said_of_copies < said).mean()
        kept[name] = np.corrcoef(said.mean(1), target.values[:, 0])[0, 1]
    assert lower["without"] < 0.5 and lower["with"] > 0.95
    assert kept["with"] > 0.5


def test_pairs_are_centre_crops_and_their_copies(features):
    inputs = FeatureInputs(features, copies=2)  # one view, two copies
    batch = next(inputs.training(np.arange(PHOTOS), batch_size=8, seed=1, first_step=0))
    centre, copy = batch.pair
    expected = features["embedding"][batch.photos]
    np.testing.assert_array_equal(batch.fed["embedding"], expected[:, 0])
    np.testing.assert_array_equal(centre["embedding"], expected[:, 0])
    assert {int(place) for place in np.where((expected == copy["embedding"][:, None]).all(2))[1]} == {1, 2}
    of_two = list(inputs.copies_of(np.array([3, 9])))
    assert len(of_two) == 2
    for place, (rows, fed) in enumerate(of_two, 1):
        np.testing.assert_array_equal(fed["embedding"], features["embedding"][np.array([3, 9])[rows], place])


def test_a_finetuned_trunk_takes_steps_smaller_by_its_rate():
    """Two steps of plain SGD from the same weights: the trunk's move is the rate times what it would be."""
    pixels = keras.Input((4,))
    outputs = {"embedding": keras.layers.Dense(6, name="embedding")(pixels)}
    trunk = keras.Model(pixels, outputs)
    start = trunk.get_weights()
    batch = np.random.default_rng(3).normal(size=(8, 4)).astype(np.float32)
    moves = []
    for rate in (1.0, 0.25):
        trunk.set_weights(start)
        recipe = replace(RECIPE, trunk="finetuned", members=1, trunk_rate=rate, momentum=0.0)
        network = build_network({"embedding": 6}, [5], 1, seed=1)
        before = [weight.numpy() for weight in network.trainable_weights]
        training = HeadTraining(network, "score", recipe, 1, trunk)
        training.learn(batch, np.ones((8, 1), np.float32), np.ones((8, 1), np.float32))
        moves.append([variable.numpy() - old for variable, old in zip(training.variables, start + before)])
    for place, (full, slow) in enumerate(zip(*moves)):
        np.testing.assert_allclose(slow, full * (0.25 if place < 2 else 1), rtol=1e-3, atol=1e-7)
    assert np.abs(moves[0][0]).max() > 1e-4
    assert tf.is_tensor(training.features(batch)["embedding"])


@pytest.mark.parametrize("checkpoint_minutes", [0, 60])
def test_a_head_that_loses_its_numbers_ends_the_run_and_does_not_go_on(
    features, target, tmp_path, checkpoint_minutes
):
    recipe = replace(RECIPE, learning_rate=100.0, epochs=50, patience=50)
    everyone, folder = np.ones((PHOTOS, 2), np.float32), RunFolder(tmp_path)

    def run_once() -> str:
        checkpoint = TrainingCheckpoint(tmp_path / "training", checkpoint_minutes)
        with pytest.raises(UsageError) as caught:
            train_head(
                new_training(recipe=recipe),
                FeatureInputs(features),
                target,
                everyone,
                everyone,
                recipe,
                0,
                folder,
                checkpoint,
            )
        return str(caught.value)

    line = run_once()
    assert line.startswith("learning_rate=100.0: the loss became ")
    assert np.isfinite([logs["validation_loss"] for logs in folder.history()]).all()
    before = folder.metrics.read_bytes() if folder.metrics.exists() else b""
    assert run_once().startswith(line)
    assert (folder.metrics.read_bytes() if folder.metrics.exists() else b"") == before
