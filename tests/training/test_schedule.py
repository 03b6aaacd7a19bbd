"""The learning rate of the paper, as a function of the step."""

from __future__ import annotations

import math
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.errors import UsageError
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


@pytest.mark.parametrize("rate", [0.0, 1e-11, 100.5, math.inf, math.nan])
def test_a_rate_out_of_range_names_the_range(rate):
    with pytest.raises(UsageError, match=f"^learning_rate={rate}: expected a number from 1e-10 to 100$"):
        SgdSettings(learning_rate=rate)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("decay", [0.5, 40.0])
def test_the_largest_rate_with_decay_is_where_decay_alone_makes_weights_larger(momentum, decay):
    with pytest.raises(UsageError, match="^learning_rate=100.0: expected less than ") as caught:
        SgdSettings(learning_rate=100.0, momentum=momentum, weight_decay=decay)
    assert f"with weight_decay={decay} and momentum={momentum}" in str(caught.value)
    bound = float(re.search("less than ([0-9.]+)", str(caught.value)).group(1))

    settings = SgdSettings(learning_rate=0.95 * bound, momentum=momentum, weight_decay=decay)

    def weight_after_200_steps(decay: float) -> float:
        weight, optimizer = tf.Variable(1.0), stepped_sgd(settings, 10**6)
        optimizer.build([weight])
        sizes = []
        for _ in range(200):
            optimizer.apply_gradients([(decay * weight, weight)])
            sizes.append(abs(float(weight)))
        return max(sizes[-20:])

    assert weight_after_200_steps(decay) < 0.1
    assert weight_after_200_steps(decay * 1.05 / 0.95) > 10


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_momentum_is_nesterovs(momentum):
    config = stepped_sgd(SgdSettings(momentum=momentum), 7).get_config()
    assert (config["momentum"], config["nesterov"]) == (momentum, momentum > 0)
