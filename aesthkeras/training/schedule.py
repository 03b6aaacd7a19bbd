"""Optimizers whose learning rate follows from the step: a resumed run needs no state of it."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from aesthkeras.training.sgd_settings import SgdSettings


def stepped_sgd(
    settings: SgdSettings, steps_per_epoch: int, drops: Sequence[int] = ()
) -> keras.optimizers.SGD:
    """The paper's SGD with Nesterov momentum; the learning rate drops by a factor every few epochs.

    Args:
        settings: rate, factor, epochs between two drops, momentum.
        steps_per_epoch: steps in an epoch, at least 1.
        drops: as of `stepped_rate`.
    """
    rate = stepped_rate(settings, steps_per_epoch, drops)
    return keras.optimizers.SGD(rate, momentum=settings.momentum, nesterov=settings.momentum > 0)


def stepped_adam(
    settings: SgdSettings, steps_per_epoch: int, drops: Sequence[int] = ()
) -> keras.optimizers.Adam:
    """Keras's Adam (Kingma and Ba 2015); the momentum is its beta_1, the rate drops as that of SGD does."""
    return keras.optimizers.Adam(stepped_rate(settings, steps_per_epoch, drops), beta_1=settings.momentum)


def stepped_rate(
    settings: SgdSettings, steps_per_epoch: int, drops: Sequence[int] = ()
) -> keras.optimizers.schedules.LearningRateSchedule:
    """The learning rate as a function of the step: a staircase.

    Args:
        settings: the first rate, the factor, epochs between two drops.
        steps_per_epoch: steps in an epoch, at least 1.
        drops: after how many epochs it drops, ascending; empty for every `learning_rate_epochs`.
    """
    if drops:
        rates = [
            float(settings.learning_rate) * settings.learning_rate_factor**n for n in range(len(drops) + 1)
        ]
        # Keras's steps still have the old rate at the boundary itself
        last_steps = [drop * steps_per_epoch - 1 for drop in drops]
        return keras.optimizers.schedules.PiecewiseConstantDecay(last_steps, rates)
    return keras.optimizers.schedules.ExponentialDecay(
        float(settings.learning_rate),
        settings.learning_rate_epochs * steps_per_epoch,
        settings.learning_rate_factor,
        staircase=True,
    )


OPTIMIZERS = {"sgd": stepped_sgd, "adam": stepped_adam}
"""The values of `--optimizer`."""
