"""The paper's optimizer, whose learning rate follows from the step: a resumed run needs no state of it."""

from __future__ import annotations

import keras

from aesthkeras.training.sgd_settings import SgdSettings


def stepped_sgd(settings: SgdSettings, steps_per_epoch: int) -> keras.optimizers.SGD:
    """SGD with Nesterov momentum; the learning rate drops by a factor every few epochs.

    Args:
        settings: rate, factor, epochs between two drops, momentum.
        steps_per_epoch: steps in an epoch, at least 1.
    """
    rate = keras.optimizers.schedules.ExponentialDecay(
        float(settings.learning_rate),
        settings.learning_rate_epochs * steps_per_epoch,
        settings.learning_rate_factor,
        staircase=True,
    )
    return keras.optimizers.SGD(rate, momentum=settings.momentum, nesterov=settings.momentum > 0)
