"""What a person may decide about any data set: which photos train and test, and what counts as good.

This file imports no TensorFlow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from aesthkeras.settings import require, setting

MEDIAN = "median"
UNGROUPED = "none"
FOLDS = 5
SCHEMES = ("own", "random", "half", *(f"fold{number}" for number in range(1, FOLDS + 1)))


@dataclass(frozen=True)
class DatasetSettings:
    """How a data set is split and labelled. Every set has the same settings and uses those that apply."""

    split: str = setting(
        "own",
        "which photos train and test: own (as the set says; CUHK-PQ: half; csv without a split column: "
        "random), random (by --test_share and --validation_share), half (two equal parts), fold1 to fold5 "
        "(that fifth is the test part)",
        SCHEMES,
    )
    split_seed: int = setting(0, "decides every split that is drawn; the same seed gives the same split")
    test_share: float = setting(0.2, "share of the photos that a random split tests on")
    validation_share: float = setting(
        0.0,
        "share set aside for validation: of all photos in a random split, otherwise of the training part",
    )
    threshold: str = setting(
        "",
        "a photo is positive when its score is at least this: a number, or median (of the training part); "
        "empty is the set's own: 5.0 for AVA, 0.5 for AADB, median for csv",
    )
    margin: float = setting(
        0.0,
        "photos with a score less than this away from the threshold are left out of the training part "
        "(delta of Murray et al. 2012)",
    )
    score_range: str = setting(
        "",
        "csv: lowest and highest possible score, as in 0:100; empty is 1:K where there are rating counts "
        "c1 to cK, otherwise what occurs",
    )
    group_column: str = setting(
        "",
        "csv: the column that names photos which stay on one side of a split; empty takes the column group "
        "or theme where there is one, none takes none",
    )

    def __post_init__(self) -> None:
        """Checks every range; raises `UsageError` naming the setting."""
        require(self, "split", self.split in SCHEMES, f"one of {' '.join(SCHEMES)}")
        require(self, "split_seed", 0 <= self.split_seed < 2**31, "a number from 0 to 2147483647")
        for name in ("test_share", "validation_share"):
            require(self, name, 0 <= getattr(self, name) < 1, "a share from 0 up to, not including, 1")
        require(
            self,
            "validation_share",
            self.test_share + self.validation_share < 1,
            f"less than 1 together with test_share={self.test_share}: something has to be left to train on",
        )
        known = self.threshold in ("", MEDIAN) or _is_number(self.threshold)
        require(self, "threshold", known, "a number or median")
        require(self, "margin", 0 <= self.margin < math.inf, "0 or more")
        require(self, "score_range", not self.score_range or bool(self.range), "LOW:HIGH, as in 0:100")

    @property
    def range(self) -> tuple[float, float] | None:
        """Lowest and highest score that `score_range` names; None where it names none."""
        low, _, high = self.score_range.partition(":")
        if not (_is_number(low) and _is_number(high) and float(low) < float(high)):
            return None
        return float(low), float(high)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
