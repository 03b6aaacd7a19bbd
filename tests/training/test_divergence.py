"""A training that lost its numbers: nothing of it is written, and it does not go on."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.errors import UsageError
from aesthkeras.training.checkpoints import StoredArrays, TrainingCheckpoint
from aesthkeras.training.divergence import stop_if_diverged
from aesthkeras.training.sgd_settings import SgdSettings

SETTINGS = SgdSettings(learning_rate=0.5)


class Trained:
    """All kinds of objects that trainings keep."""

    def __init__(self) -> None:
        self.layer = keras.layers.BatchNormalization(name="normalization")
        self.layer.build([None, 3])
        self.kernels = {"conv1": tf.Variable([1.0, 2.0]), "conv2": tf.Variable([3.0])}
        self.optimizer = keras.optimizers.SGD(0.5, momentum=0.9)
        self.optimizer.build(list(self.kernels.values()))
        self.metric = keras.metrics.Mean(name="loss")
        self.arrays = StoredArrays(lambda: {"best_loss": np.array(np.inf)}, lambda arrays: None)

    def by_name(self) -> dict[str, object]:
        kept = {"layer": self.layer, "banks": [{"kernels": self.kernels}], "optimizer": self.optimizer}
        return {**kept, "metrics": {"loss": list(self.metric.variables)}, "arrays": self.arrays}


def momentum(trained: Trained):
    return next(variable for variable in trained.optimizer.variables if tuple(variable.shape) == (2,))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    "spoiled",
    [
        lambda trained: trained.kernels["conv1"],
        lambda trained: trained.layer.moving_variance,
        momentum,
        lambda trained: trained.metric.variables[0],
    ],
    ids=["kernel", "statistics", "momentum", "loss"],
)
def test_what_is_no_number_replaces_no_checkpoint(tmp_path, spoiled, value):
    trained, checkpoint = Trained(), TrainingCheckpoint(tmp_path, minutes=0)
    assert checkpoint.restore(trained.by_name()) == 0
    checkpoint.save(1)
    variable = spoiled(trained)
    numbers = np.ones(tuple(variable.shape), np.float32)
    numbers.flat[0] = value
    variable.assign(numbers)
    for step in (2, 3, 4):
        checkpoint.save_in_time(step)
    assert tf.train.latest_checkpoint(str(tmp_path)).endswith("step-1")
    with pytest.raises(UsageError, match=r"^learning_rate=0.5: weights became infinite or nan in epoch 3"):
        stop_if_diverged(checkpoint, SETTINGS, 3, loss=0.1)
    assert TrainingCheckpoint(tmp_path / "other", minutes=0).restore(Trained().by_name()) == 0


def test_numbers_are_written_whatever_arrays_say(tmp_path):
    """The best loss of a head is infinite before its first epoch."""
    checkpoint = TrainingCheckpoint(tmp_path, minutes=0)
    checkpoint.restore(Trained().by_name())
    checkpoint.save(1)
    stop_if_diverged(checkpoint, SETTINGS, 1, loss=1e38)
    assert tf.train.latest_checkpoint(str(tmp_path)).endswith("step-1")


@pytest.mark.parametrize("loss", [np.nan, np.inf])
def test_started_again_it_says_what_to_change_until_the_note_is_deleted(tmp_path, loss):
    checkpoint = TrainingCheckpoint(tmp_path, minutes=0)
    checkpoint.restore(Trained().by_name())
    checkpoint.save(1)
    with pytest.raises(UsageError) as first:
        stop_if_diverged(checkpoint, SETTINGS, 2, loss)
    assert str(first.value) == (
        f"learning_rate=0.5: the loss became {loss} in epoch 2; expected a smaller one, in another run_dir; "
        f"the last finite weights stay in {tmp_path}"
    )
    with pytest.raises(UsageError) as again:
        TrainingCheckpoint(tmp_path, minutes=0).restore(Trained().by_name())
    note = tmp_path / "diverged.txt"
    assert str(again.value) == f"{first.value}; to go on from the last checkpoint all the same, delete {note}"
    note.unlink()
    assert TrainingCheckpoint(tmp_path, minutes=0).restore(Trained().by_name()) == 1


def test_with_float16_the_arithmetic_may_be_changed_too(tmp_path):
    checkpoint = TrainingCheckpoint(tmp_path / "first", minutes=0)
    checkpoint.restore(Trained().by_name())
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        with pytest.raises(
            UsageError, match="expected a smaller one or precision=float32, in another run_dir$"
        ):
            stop_if_diverged(checkpoint, SETTINGS, 1, np.nan)
    finally:
        keras.mixed_precision.set_global_policy("float32")
