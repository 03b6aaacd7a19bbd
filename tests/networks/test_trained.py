"""A run folder's networks, rebuilt without the task that trained them."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.encoders import ENCODERS, build_encoder, split_encoder
from aesthkeras.errors import UsageError
from aesthkeras.finding.find import find_encoder
from aesthkeras.networks.trained import read_trained, write_description
from aesthkeras.training.run_folder import RunFolder

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3), np.uint8)


def built(name: str, seed: int = 0) -> keras.Model:
    size = {"input_size": 96, "width": 0.125}
    if name == "split":
        return split_encoder(lambda **rest: build_encoder("alexnet", **size, **rest), 96, seed, "split")
    return build_encoder(name, seed=seed, **size)


def head_of(encoder: keras.Model, classes: int) -> keras.Model:
    embedding = keras.Input(encoder.output["embedding"].shape[1:], name="embedding")
    means = keras.Input((32,), name="conv5")
    logits = keras.layers.Dense(classes, name="logits", dtype="float32")(embedding)
    return keras.Model({"embedding": embedding, "conv5": means}, {"logits": logits, "conv5": means + 1.0})


def trained(folder, encoder: keras.Model, head: keras.Model, names: list[str] | None) -> RunFolder:
    """A run folder as a training leaves it, whatever arithmetic it was in."""
    run = RunFolder(folder)
    run.path.mkdir()
    run.flags.write_text("--task=anything\n")
    run.update_record(data={"notes": "My own photos."})
    write_description(run, encoder, 104, head if names else None, names)
    encoder(PIXELS, training=True)  # moving statistics that are not the initial ones
    checkpoint = tf.train.Checkpoint(encoder=encoder, head=head, optimizer=keras.optimizers.SGD())
    tf.train.CheckpointManager(checkpoint, str(run.checkpoints), 1, checkpoint_name="step").save(1)
    return run


@pytest.mark.parametrize("name", [*ENCODERS, "split"])
def test_every_encoder_comes_back_from_mixed_precision(name, mixed_bfloat16, tmp_path):
    encoder = built(name, seed=7)
    found = read_trained(trained(tmp_path / "run", encoder, head_of(encoder, 3), ["a", "b", "c"]))
    keras.mixed_precision.set_global_policy("float32")
    reference = built(name)
    reference.set_weights(encoder.get_weights())
    assert found.encoder.compute_dtype == "float32"
    for output, expected in reference(PIXELS).items():
        np.testing.assert_allclose(found.encoder(PIXELS)[output], expected, rtol=1e-5, atol=1e-5)


def test_of_more_classes_the_named_ones_are_kept(tmp_path):
    encoder = built("alexnet")
    head = head_of(encoder, 5)
    found = read_trained(trained(tmp_path / "run", encoder, head, ["none", "jpeg"]))
    model, names = found.degradations
    embedding = np.random.default_rng(1).random((3, 512), np.float32)
    expected = head({"embedding": embedding, "conv5": np.zeros((3, 32), np.float32)})["logits"][:, :2]
    np.testing.assert_allclose(model(embedding)["logits"], expected, rtol=1e-5, atol=1e-6)
    assert names == ["none", "jpeg"]


def test_a_head_without_names_is_left_in_the_checkpoint(tmp_path):
    encoder = built("alexnet")
    run = trained(tmp_path / "run", encoder, head_of(encoder, 5), None)
    assert read_trained(run).degradations is None
    found = find_encoder(str(run.path))
    assert (found.name, found.crop, found.resize, found.notes) == ("run", 96, 104, "My own photos.")


def no_checkpoint(run):
    for file in run.checkpoints.iterdir():
        file.unlink()


def of_an_older_version(run):
    (run.path / "encoder.json").unlink()


def no_json(run):
    (run.path / "encoder.json").write_text("{")


def no_networks(run):
    (run.path / "encoder.json").write_text('{"crop": 96, "resize_edge": 104, "model": {}}')


def edited_networks(change):
    """A damage: what describes the encoder, changed."""

    def damage(run):
        file = run.path / "encoder.json"
        said = json.loads(file.read_text())
        change(said["model"])
        file.write_text(json.dumps(said))

    return damage


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (no_checkpoint, "a run of `pretrain` that has made a checkpoint"),
        (of_an_older_version, "which runs of older versions lack"),
        (no_json, "encoder.json as `pretrain` writes it"),
        (no_networks, "encoder.json as `pretrain` writes it"),
        (edited_networks(lambda model: model.update(layers=[])), "encoder.json as `pretrain` writes it"),
        (
            edited_networks(lambda model: model.update(inputs=["x", 0, 0])),
            "encoder.json as `pretrain` writes it",
        ),
        (
            edited_networks(lambda model: model["layers"][1].update(options={"mean": []})),
            "encoder.json as `pretrain` writes it",
        ),
    ],
)
def test_a_run_that_cannot_be_read_is_one_line_that_names_the_argument(damage, expected, tmp_path):
    encoder = built("alexnet")
    run = trained(tmp_path / "run", encoder, head_of(encoder, 5), None)
    damage(run)
    with pytest.raises(UsageError, match=f"^start_from=.*/run: expected .*{expected}") as caught:
        find_encoder(str(run.path), argument="start_from")
    assert "\n" not in str(caught.value)


def test_a_head_has_no_more_names_than_classes(tmp_path):
    encoder = built("alexnet")
    with pytest.raises(ValueError, match="class_names: expected names of the head's 2 classes"):
        write_description(RunFolder(tmp_path), encoder, 104, head_of(encoder, 2), ["a", "b", "c"])
