"""What stands in run.json of a training: how far its kernels moved, its losses beside the untrained ones."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.pretext.learning import Weights, proof_of_learning
from aesthkeras.pretext.pretraining import study_once
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.run_settings import RunSettings
from aesthkeras.pretext.tasks.rotation.task import RotationTask
from aesthkeras.pretext.training import build_model, train
from aesthkeras.training.learned import Learned, learned_record, read_learned
from aesthkeras.training.run_folder import RunFolder


@pytest.fixture(scope="module")
def model():
    recipe = Recipe(width=0.125, resize=100, crop=96, batch_size=2, precision="float32", learning_rate=0.01)
    return build_model(RotationTask(recipe=recipe), 10)


def batch(model) -> dict[str, tf.Tensor]:
    crops = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3)).astype(np.uint8)
    return model.task.views(
        {"patches": tf.constant(crops), "photo": tf.range(2), "seed": tf.constant([1, 2])}
    )


def test_movement_is_relative_to_the_beginning_and_the_model_is_left_as_it_was(model):
    initial = Weights.of(model)
    for name, factor in (("conv1_convolution", 1.25), ("conv4_convolution", 0.5)):
        layer = model.encoder.get_layer(name)
        layer.set_weights([factor * weight for weight in layer.get_weights()])
    before = Weights.of(model)
    views = batch(model)
    found = proof_of_learning(model, initial, [views])
    moved = {"conv1": 0.25, "conv2": 0, "conv3": 0, "conv4": 0.5, "conv5": 0, "embedding": 0, "head": 0}
    assert found.moved == pytest.approx(moved, abs=1e-6)
    after = Weights.of(model)
    for ours, theirs in zip([*after.encoder, *after.head], [*before.encoder, *before.head]):
        np.testing.assert_array_equal(ours, theirs)
    # Batch normalisation undoes the factors: the same loss, which is that of a forward pass in training mode.
    outputs = model.task.forward(model.encoder, model.head, views, training=True)
    expected = float(tf.reduce_mean(model.task.losses(outputs, views).terms["classification"]))
    assert found.trained["classification"] == pytest.approx(expected, rel=1e-4)
    assert found.untrained["classification"] == pytest.approx(expected, rel=1e-3)
    assert proof_of_learning(model, Weights.of(model, kernels_alone=True), []).trained == {}


@pytest.mark.long
@pytest.mark.parametrize(("optimizer", "rate"), [("sgd", 3e-7), ("adam", 1e-4)])
def test_a_run_says_what_it_learned_also_after_it_was_resumed(optimizer, rate, brightness, photos, tmp_path):
    def run_in(name: str, *lengths: int) -> dict:
        run = RunFolder(tmp_path / name)
        run.path.mkdir()
        for images in lengths:
            task = brightness(
                images_seen=images, optimizer=optimizer, learning_rate=rate, learning_rate_drops="1,3"
            )
            study_once(run, task, photos)
            train(run, task, photos, RunSettings(run_dir=str(run.path)))
        return run.read_record()["learned"]

    whole = run_in("whole", 64)
    assert whole["trained"]["square"] < whole["untrained"]["square"]
    assert (whole["moved"]["convolution"] > 0) == (optimizer == "adam")  # by SGD less than its last bit
    # The third of eight steps is inside an epoch; Adam's moments go on as they were.
    assert run_in("resumed", 24, 64) == whole
    rates = [line["learning_rate"] for line in RunFolder(tmp_path / "resumed").history()]
    np.testing.assert_allclose(rates, rate * 0.2 ** np.array([0, 1, 1, 2]), rtol=1e-5)


def test_it_is_read_from_run_folders_and_exports_and_missed_nowhere(tmp_path):
    learned = Learned({"conv1": 0.015, "conv5": 0.31, "head": 2.0}, {"x": 2.30259}, {"x": 2.1})
    (tmp_path / "model/9/assets").mkdir(parents=True)
    (tmp_path / "model/10/assets").mkdir(parents=True)
    (tmp_path / "model/10/assets/run.json").write_text(json.dumps(learned_record(learned)))
    for spec in ("model", "model/10", "model?tiles=2"):
        found = read_learned(str(tmp_path / spec))
        assert found.moved_words == "1.5 to 31%"
        assert found.loss_words == "x 2.1 (untrained 2.3)"
    (tmp_path / "run.json").write_text("{}")
    for spec in (str(tmp_path), "keras:MobileNetV2?weights=imagenet", "random:alexnet", ""):
        assert read_learned(spec) is None


def test_kernels_of_nested_encoders_count_as_their_blocks():
    recipe = Recipe(encoder_name="alexnet_lab", width=0.25, resize=100, crop=96, precision="float32")
    model = build_model(RotationTask(recipe=recipe), 10)
    assert set(Weights.of(model, kernels_alone=True).kernels) == {*model.encoder.output, "head"}
    assert keras.mixed_precision.global_policy().name == "float32"
