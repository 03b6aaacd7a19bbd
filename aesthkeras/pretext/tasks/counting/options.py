"""The flags of the counting task. This file imports no TensorFlow."""

from __future__ import annotations

import math
from dataclasses import dataclass

from aesthkeras.pretext.options import TaskOptions
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.settings import require, setting


@dataclass(frozen=True)
class CountingOptions(TaskOptions):
    """The numbers of the counting task; the paper's are the defaults."""

    counters: int = setting(1000, "values of the counter, after ReLU")
    counting_margin: float = setting(10.0, "M, the squared distance at which another photo is far enough")
    gray_share: float = setting(0.67, "share of the patches shown in gray, against chromatic aberration")

    def __post_init__(self) -> None:
        """Checks every range; raises `UsageError` naming the flag."""
        require(self, "counters", self.counters >= 1, "at least 1")
        require(self, "counting_margin", 0 < self.counting_margin < math.inf, "a number above 0")
        require(self, "gray_share", 0 <= self.gray_share <= 1, "a number from 0 to 1")

    def check(self, recipe: Recipe) -> None:
        """Refuses batches of one patch; raises `UsageError`."""
        expected = "at least 2, counting contrasts the photos of a batch"
        require(recipe, "batch_size", recipe.batch_size >= 2, expected)


OPTIONS = CountingOptions
