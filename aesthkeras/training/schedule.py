"""Learning rates as functions of the step, so that a resumed run needs no state of them."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


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
