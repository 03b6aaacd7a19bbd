"""SGD whose learning rate is a function of the step, so that a resumed run needs no state of it."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from aesthkeras.training.sgd_settings import SgdSettings


@keras.saving.register_keras_serializable(package="aesthkeras")
class StepDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Multiplies the learning rate by `factor` after every `steps` steps ("by 0.2 after every 10 epochs")."""

    def __init__(self, initial: float, factor: float, steps: int) -> None:
        super().__init__()
        self.initial, self.factor, self.steps = initial, factor, steps

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """Learning rate at `step` (integer scalar), float32 scalar."""
        drops = tf.cast(tf.cast(step, tf.int64) // self.steps, tf.float32)
        return self.initial * tf.pow(tf.constant(self.factor, tf.float32), drops)

    def get_config(self) -> dict[str, Any]:
        """What rebuilds the schedule."""
        return {"initial": self.initial, "factor": self.factor, "steps": self.steps}


def stepwise_sgd(settings: SgdSettings, steps_per_epoch: int) -> keras.optimizers.SGD:
    """SGD with Nesterov momentum whose learning rate drops every few epochs, as the settings say."""
    rate = StepDecay(
        settings.learning_rate,
        settings.learning_rate_factor,
        settings.learning_rate_epochs * steps_per_epoch,
    )
    return keras.optimizers.SGD(rate, momentum=settings.momentum, nesterov=settings.momentum > 0)
