"""When a number is switched on: after some epochs, at a plateau; and how a training applies it."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from aesthkeras.training.phases import SwitchOn, after_epochs, at_plateau


def test_after_epochs():
    rule = after_epochs(30)
    assert not rule([{}] * 29)
    assert rule([{}] * 30)


def test_plateau_needs_epochs_without_progress_in_a_row_and_then_stays():
    rule = at_plateau("degradation", epochs=2, progress=0.1)
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
    switch = SwitchOn(variable, 0.02, after_epochs(2))
    model.fit(*data, epochs=4, verbose=0, callbacks=[switch, log])
    np.testing.assert_allclose(log.seen, [0, 0, 0.02, 0.02])
    log.seen.clear()
    resumed = SwitchOn(variable, 0.02, after_epochs(2), history=[{}, {}, {}])
    model.fit(*data, initial_epoch=3, epochs=4, verbose=0, callbacks=[resumed, log])
    np.testing.assert_allclose(log.seen, [0.02])
