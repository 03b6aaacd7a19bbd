"""The schedule of the paper: learning-rate steps, triplet loss and entropy weight by phase."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from tensorflow import keras

from aesthkeras.pretext.schedule import AfterEpochs, AtPlateau, SayWhenSpent, SwitchOn
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


def test_after_epochs():
    rule = AfterEpochs(30)
    assert not rule([{}] * 29)
    assert rule([{}] * 30)


def test_plateau_needs_epochs_without_progress_in_a_row_and_then_stays():
    rule = AtPlateau("degradation", epochs=2, progress=0.1)
    falling = [{"degradation": value} for value in (3.0, 2.5, 2.0)]
    assert not rule(falling)
    # 1.9 and 1.85 lie less than 10% under 2.0.
    stalled = [*falling, {"degradation": 1.9}, {"degradation": 1.85}]
    assert not rule(stalled[:-1])
    assert rule(stalled)
    assert rule([*stalled, {"degradation": 0.1}])
    # A drop in between starts the count again.
    assert not rule([*falling, {"degradation": 1.9}, {"degradation": 1.5}, {"degradation": 1.49}])


def test_switch_is_set_at_the_start_of_each_epoch_and_after_a_resume():
    variable = tf.Variable(0.0)

    class Log(keras.callbacks.Callback):
        seen: list[float] = []

        def on_train_batch_end(self, batch, logs=None):
            self.seen.append(float(variable))

    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    data = np.ones((2, 1), np.float32), np.ones((2, 1), np.float32)
    log = Log()
    switch = SwitchOn(variable, 0.02, AfterEpochs(2), history=[])
    model.fit(*data, epochs=4, verbose=0, callbacks=[switch, log])
    np.testing.assert_allclose(log.seen, [0, 0, 0.02, 0.02])
    log.seen.clear()
    resumed = SwitchOn(variable, 0.02, AfterEpochs(2), history=[{}, {}, {}])
    model.fit(*data, initial_epoch=3, epochs=4, verbose=0, callbacks=[resumed, log])
    np.testing.assert_allclose(log.seen, [0.02])


def test_a_spent_entropy_weight_is_said_once(capsys):
    weights = keras.metrics.Mean()
    notice = SayWhenSpent(weights)
    for epoch, mean in enumerate([1.0, 0.09, 0.0005, 0.0]):
        weights.reset_state()
        weights.update_state([2 * mean, 0.0])
        notice.on_epoch_end(epoch)
    said = capsys.readouterr().err
    assert said.count("aesthkeras:") == 1
    assert said.startswith("aesthkeras: epoch 3: the mean entropy weight is 0.0005,")
    assert "--entropy_epoch" in said
