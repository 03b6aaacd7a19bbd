"""The paper's optimization, as pre-training, probes and heads have it. This file imports no TensorFlow."""

from __future__ import annotations

import math
from dataclasses import dataclass

from aesthkeras.settings import require, setting


@dataclass(frozen=True)
class SgdSettings:
    """Stochastic gradient descent with Nesterov momentum, L2 decay and a rate that drops in steps."""

    batch_size: int = setting(64, "patches per step")
    learning_rate: float = setting(0.01, "learning rate at the start")
    learning_rate_factor: float = setting(0.2, "what the learning rate is multiplied by at each drop")
    learning_rate_epochs: int = setting(10, "epochs between two drops of the learning rate")
    momentum: float = setting(0.9, "Nesterov momentum")
    weight_decay: float = setting(5e-4, "L2 decay of the kernels, in the gradient as in Caffe and PyTorch")

    def __post_init__(self) -> None:
        """Checks every range; raises `UsageError` naming the flag."""
        for name in ("batch_size", "learning_rate_epochs"):
            require(self, name, getattr(self, name) >= 1, "at least 1")
        require(self, "learning_rate", 0 < self.learning_rate <= 100, "a number above 0")
        require(
            self, "learning_rate_factor", 0 < self.learning_rate_factor <= 1, "a number above 0, at most 1"
        )
        require(self, "momentum", 0 <= self.momentum < 1, "a number from 0 up to, not including, 1")
        require(self, "weight_decay", 0 <= self.weight_decay < math.inf, "0 or more")
