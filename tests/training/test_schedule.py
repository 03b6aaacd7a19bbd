"""The learning rate of the paper, as a function of the step."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.training.schedule import stepped_sgd
from aesthkeras.training.sgd_settings import SgdSettings


def rates(settings: SgdSettings, steps_per_epoch: int, steps: list[int]) -> list[float]:
    schedule = stepped_sgd(settings, steps_per_epoch).get_config()["learning_rate"]["config"]
    rate = keras.optimizers.schedules.ExponentialDecay.from_config(schedule)
    return [float(rate(tf.constant(step, tf.int64))) for step in steps]


def test_learning_rate_drops_to_a_fifth_after_every_ten_epochs():
    steps = [0, 69, 70, 139, 140, 7 * 49]
    found = rates(SgdSettings(learning_rate=0.1), 7, steps)
    np.testing.assert_allclose(found, [0.1, 0.1, 0.02, 0.02, 0.004, 0.1 * 0.2**4], rtol=1e-5)


def test_in_a_long_training_it_drops_at_the_step_and_not_beside_it():
    drops = range(1, 134)
    steps = [drop * 125_000 + beside for drop in drops for beside in (-1, 0)]
    found = rates(SgdSettings(learning_rate_factor=0.9, learning_rate_epochs=1), 125_000, steps)
    expected = [0.01 * 0.9**done for drop in drops for done in (drop - 1, drop)]
    np.testing.assert_allclose(found, expected, rtol=1e-4)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_momentum_is_nesterovs(momentum):
    config = stepped_sgd(SgdSettings(momentum=momentum), 7).get_config()
    assert (config["momentum"], config["nesterov"]) == (momentum, momentum > 0)
