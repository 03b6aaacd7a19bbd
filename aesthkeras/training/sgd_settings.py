"""The paper's optimization, as pre-training, probes and heads have it. This file imports no TensorFlow."""

from __future__ import annotations

import math
from dataclasses import dataclass

from aesthkeras.settings import require, setting

LOWEST_RATE, HIGHEST_RATE = 1e-10, 100.0


@dataclass(frozen=True)
class SgdSettings:
    """Stochastic gradient descent with Nesterov momentum, L2 decay and a rate that drops in steps."""

    batch_size: int = setting(64, "patches per step")
    learning_rate: float = setting(0.01, "learning rate at the start, 1e-10 to 100")
    learning_rate_factor: float = setting(0.2, "what the learning rate is multiplied by at each drop")
    learning_rate_epochs: int = setting(10, "epochs between two drops of the learning rate")
    momentum: float = setting(0.9, "Nesterov momentum")
    weight_decay: float = setting(5e-4, "L2 decay of the kernels, in the gradient as in Caffe and PyTorch")

    def __post_init__(self) -> None:
        """Checks every range; raises `UsageError` naming the flag."""
        for name, most in (("batch_size", 65_536), ("learning_rate_epochs", 1_000_000)):
            require(self, name, 1 <= getattr(self, name) <= most, f"1 to {most}")
        # a smaller one moves no float32 weight
        within = LOWEST_RATE <= self.learning_rate <= HIGHEST_RATE
        require(self, "learning_rate", within, f"a number from {LOWEST_RATE:g} to {HIGHEST_RATE:g}")
        require(
            self, "learning_rate_factor", 0 < self.learning_rate_factor <= 1, "a number above 0, at most 1"
        )
        require(self, "momentum", 0 <= self.momentum < 1, "a number from 0 up to, not including, 1")
        require(self, "weight_decay", 0 <= self.weight_decay < math.inf, "a number of 0 or more")
        bound = self._largest_decayed_rate()
        with_these = f"with weight_decay={self.weight_decay} and momentum={self.momentum}"
        expected = f"less than {bound:.4g} {with_these}: from there on, every step makes the weights larger"
        require(self, "learning_rate", self.learning_rate < bound, expected)

    def _largest_decayed_rate(self) -> float:
        """Where the decay alone lets weights oscillate for ever; inf without decay.

        A step of Keras's Nesterov momentum m with rate r and decay d multiplies velocity and weight by the
        matrix [[m, -rd], [m^2, 1 - rd - mrd]]. Its eigenvalues are inside the unit circle for
        rd < 2(1 + m)/(1 + 2m).
        """
        product = 2 * (1 + self.momentum) / (1 + 2 * self.momentum)
        return product / self.weight_decay if self.weight_decay else math.inf
