"""The learning rate of the paper, as a function of the step."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from aesthkeras.training.schedule import StepDecay


def test_learning_rate_drops_to_a_fifth_after_every_ten_epochs():
    rate = StepDecay(0.1, 0.2, steps=10 * 7)
    steps = [0, 69, 70, 139, 140, 7 * 49]
    rates = [float(rate(tf.constant(step, tf.int64))) for step in steps]
    np.testing.assert_allclose(rates, [0.1, 0.1, 0.02, 0.02, 0.004, 0.1 * 0.2**4], rtol=1e-5)


def test_learning_rate_survives_serialisation():
    rate = StepDecay(0.1, 0.2, steps=3)
    again = StepDecay.from_config(rate.get_config())
    assert float(again(tf.constant(4))) == float(rate(tf.constant(4)))
