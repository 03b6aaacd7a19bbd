"""The learning rate of the paper, as a function of the step."""

from __future__ import annotations

import math
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.errors import UsageError
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.training.schedule import stepped_adam, stepped_rate, stepped_sgd
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


def test_it_drops_where_it_is_told_to():
    recipe = Recipe(learning_rate=0.3, learning_rate_factor=1 / 3, learning_rate_drops="2,3,5")
    schedule = stepped_rate(recipe, 7, recipe.drops)
    found = [float(schedule(tf.constant(step, tf.int64))) for step in (0, 13, 14, 20, 21, 34, 35, 700)]
    np.testing.assert_allclose(found, [0.3, 0.3, 0.1, 0.1, 0.1 / 3, 0.1 / 3, 0.1 / 9, 0.1 / 9], rtol=1e-6)


@pytest.mark.parametrize("drops", ["15,", "0,2", "3,3", "5,2", "1.5", "later"])
def test_wrong_drops(drops):
    with pytest.raises(UsageError, match=f"^learning_rate_drops={drops}: expected ascending epochs from 1"):
        Recipe(learning_rate_drops=drops)


def test_adam_follows_its_paper_and_the_same_rate():
    # Two steps with gradients 1 and 3: m = 0.1 g, v = 0.001 g^2 at first, each divided by 1 - beta^t.
    settings = SgdSettings(learning_rate=0.5, learning_rate_factor=0.1, learning_rate_epochs=1, momentum=0.9)
    weight, optimizer = tf.Variable(2.0), stepped_adam(settings, 1)
    optimizer.build([weight])
    first, second = 1.0, 3.0
    optimizer.apply_gradients([(tf.constant(first), weight)])
    assert float(weight) == pytest.approx(2 - 0.5, rel=1e-5)
    optimizer.apply_gradients([(tf.constant(second), weight)])
    mean = (0.9 * 0.1 * first + 0.1 * second) / (1 - 0.9**2)
    square = (0.999 * 0.001 * first**2 + 0.001 * second**2) / (1 - 0.999**2)
    assert float(weight) == pytest.approx(1.5 - 0.05 * mean / square**0.5, rel=1e-5)


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
