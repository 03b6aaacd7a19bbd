"""What --encoder may say, and what it must not."""

from __future__ import annotations

import json
import os
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.encoders import build_encoder
from aesthkeras.errors import UsageError
from aesthkeras.finding.find import encoder_fingerprint, find_encoder
from aesthkeras.networks.saving import export_encoder
from aesthkeras.networks.trained import write_description
from aesthkeras.pretext.export import describe_run
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.task import find_task
from aesthkeras.settings import flag_values
from aesthkeras.training.run_folder import RunFolder

RANDOM = "random:alexnet?width=0.125&seed=2&crop=96&resize=104"


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    encoder = build_encoder("alexnet", input_size=96, width=0.125, seed=3)
    folder = tmp_path_factory.mktemp("savedmodels") / "tiny"
    record = json.dumps({"data": {"photos": 3, "notes": "My own photos."}})
    export_encoder(encoder, folder, resize_edge=104, assets={"run.json": record})
    return encoder, folder


def test_a_saved_model_by_name_and_by_version(exported):
    encoder, folder = exported
    found = find_encoder(str(folder))
    assert (found.crop, found.resize, found.name) == (96, 104, "tiny")
    assert found.notes == "My own photos."
    for ours, stored in zip(encoder.get_weights(), found.model.get_weights()):
        np.testing.assert_array_equal(ours, stored)
    versioned = find_encoder(str(folder / "1"))
    assert versioned.name == "tiny/1"
    assert versioned.fingerprint == found.fingerprint


def test_fingerprints_tell_encoders_apart(exported):
    encoder, folder = exported
    found = find_encoder(str(folder))
    assert encoder_fingerprint(found.model, 104) == found.fingerprint
    assert encoder_fingerprint(found.model, 105) != found.fingerprint
    weights = found.model.get_weights()
    weights[0][0, 0, 0, 0] += 1e-3
    found.model.set_weights(weights)
    assert encoder_fingerprint(found.model, 104) != found.fingerprint


def test_a_random_encoder_is_calibrated_and_the_same_every_time():
    found, again = find_encoder(RANDOM), find_encoder(RANDOM)
    assert (found.crop, found.resize, found.name) == (96, 104, "random alexnet seed 2")
    assert found.fingerprint == again.fingerprint
    start = build_encoder("alexnet", input_size=96, width=0.125, seed=2)
    for before, after, same in zip(start.weights, found.model.weights, again.model.weights):
        np.testing.assert_allclose(after, same, rtol=1e-4, atol=1e-5)
        if "moving" not in before.name:
            np.testing.assert_array_equal(before, after)
    # with calibrated statistics the blocks have zero mean and unit deviation before ReLU: about half is on
    pixels = np.random.default_rng(0).integers(0, 256, (4, 96, 96, 3), np.uint8)
    outputs = found.model(pixels, training=False)
    assert all(0 < float(tf.reduce_mean(outputs[name])) < 10 for name in ("conv1", "conv5"))
    normalization = found.model.get_layer("conv3_normalization")
    assert normalization.momentum == start.get_layer("conv3_normalization").momentum
    assert not np.allclose(normalization.moving_mean, 0)
    assert find_encoder(RANDOM.replace("seed=2", "seed=4")).fingerprint != found.fingerprint


@pytest.fixture
def trained(tmp_path) -> tuple[RunFolder, keras.Model]:
    """A run folder with a checkpoint, and the encoder that is in it."""
    task = find_task("degradation")
    recipe, options = Recipe(width=0.125, resize=104, crop=96), task.Options()
    run = RunFolder(tmp_path / "run")
    run.claim({"task": "degradation", **flag_values(recipe, options)}, set())
    made = task(options, recipe)
    encoder = made.build_encoder()
    head = made.build_head(encoder)
    describe_run(run, made, encoder, head)
    checkpoint = tf.train.Checkpoint(encoder=encoder, head=head)
    tf.train.CheckpointManager(checkpoint, str(run.checkpoints), 1, checkpoint_name="step").save(1)
    return run, encoder


def test_a_run_folder(trained):
    run, encoder = trained
    found = find_encoder(str(run.path))
    assert (found.crop, found.resize, found.name) == (96, 104, "run")
    np.testing.assert_array_equal(found.model.get_weights()[0], encoder.get_weights()[0])
    shutil.rmtree(run.checkpoints)
    with pytest.raises(UsageError, match="encoder=.*checkpoint"):
        find_encoder(str(run.path))


def cut_data(run):
    (data,) = run.checkpoints.glob("*.data-*")
    os.truncate(data, data.stat().st_size // 2)


def widen(run):
    wide = build_encoder("alexnet", input_size=96, width=0.25)
    write_description(run, wide, 104)


@pytest.mark.parametrize("damage", [cut_data, widen])
def test_a_checkpoint_that_does_not_fit_is_refused_in_one_line(trained, damage):
    run, _ = trained
    damage(run)
    with pytest.raises(UsageError, match=f"^{run.checkpoints}/step-1: expected a whole") as caught:
        find_encoder(str(run.path))
    assert len(str(caught.value).splitlines()) == 1


def make_foreign(folder):
    class Foreign(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None])])
        def __call__(self, values):
            return {"doubled": 2 * values}

    model = Foreign()
    tf.saved_model.save(model, str(folder), {"serving_default": model.__call__})


def make_features_only(folder):
    encoder = keras.Sequential([keras.layers.Dense(1, input_shape=(2,))])
    function = tf.function(lambda values: {"y": encoder(values)}, input_signature=[tf.TensorSpec([None, 2])])
    module = tf.Module()
    module.encoder, module.function = encoder, function
    tf.saved_model.save(module, str(folder), {"features": function})


def make_damaged(folder):
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(b"\xff not a protocol buffer")


def make_cut_short(folder):
    encoder = build_encoder("alexnet", input_size=96, width=0.125)
    (variables,) = export_encoder(encoder, folder, resize_edge=104).glob("variables/*.data-*")
    os.truncate(variables, variables.stat().st_size // 2)


def make_empty(folder):
    folder.mkdir()


@pytest.mark.parametrize(
    "make, expected",
    [
        (make_foreign, "serving_default takes values and answers doubled"),
        (make_features_only, "that aesthkeras exported, or .*aesthkeras.json that says .* answers y"),
        (make_damaged, "that can be read"),
        (make_cut_short, "that can be read"),
        (make_empty, "expected a SavedModel folder, a run folder"),
    ],
)
def test_what_is_no_encoder_is_refused_in_one_line(tmp_path, make, expected):
    make(tmp_path / "model")
    with pytest.raises(UsageError, match=expected) as caught:
        find_encoder(str(tmp_path / "model"))
    assert str(caught.value).startswith("encoder=")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "spec",
    [
        "random:vgg",
        "random:alexnet?wide=1",
        "random:alexnet?width=many",
        "random:alexnet?width=0",
        "random:alexnet?crop=96&resize=90",
        "random:alexnet?crop=20",
        "random:alexnet?seed",
        "nowhere",
    ],
)
def test_a_wrong_spec_is_refused(spec):
    with pytest.raises(UsageError, match="^encoder="):
        find_encoder(spec)


def test_missing_calibration_photos_name_their_flag(tmp_path):
    with pytest.raises(UsageError, match="^calibration_dir="):
        find_encoder(RANDOM, str(tmp_path / "nowhere"))
