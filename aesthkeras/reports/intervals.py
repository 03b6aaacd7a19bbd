"""Differences with 95% intervals, and what an interval covers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

LEVEL = 0.95
TRAINING_SEEDS = "new training seeds"


@dataclass(frozen=True)
class Coverage:
    """What an interval holds for besides what is at hand.

    `units` is `photos`, or `groups` where photos of one group are not independent; `is_refitted` says whether
    these are new to the probes' training, too; then folds are. `encoder_seeds` and `reference_seeds` say
    whether there were several trainings of either side, so that their scatter is part of the interval.
    """

    units: str
    is_refitted: bool
    encoder_seeds: bool
    reference_seeds: bool

    @property
    def covers_seeds(self) -> bool:
        """Whether it holds for new training seeds of both sides."""
        return self.encoder_seeds and self.reference_seeds

    @property
    def words(self) -> str:
        """`new photos and new folds, but not new training seeds`."""
        covered = [f"new {self.units}", "new folds"] if self.is_refitted else [f"new {self.units} to test on"]
        missed = [] if self.is_refitted else [f"new {self.units} to train probes on"]
        if self.encoder_seeds == self.reference_seeds:
            (covered if self.encoder_seeds else missed).append(TRAINING_SEEDS)
        else:
            sides = f"{TRAINING_SEEDS} of the encoder", f"{TRAINING_SEEDS} of the reference"
            with_seeds, without = sides if self.encoder_seeds else sides[::-1]
            covered.append(with_seeds)
            missed.append(without)
        return enumeration(covered) + (f", but not {enumeration(missed, 'or')}" if missed else "")


@dataclass(frozen=True)
class Difference:
    """This encoder less the reference, with the ends of the interval; on the measure's scale."""

    mean: float
    low: float
    high: float
    coverage: Coverage

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval lies on one side of 0."""
        return self.low > 0 or self.high < 0


def half_width(terms: Sequence[tuple[np.ndarray, int]]) -> np.ndarray:
    """Half of a t interval whose variance is a sum of estimates.

    The degrees of freedom of the sum are v**2 / sum(v_i**2 / f_i) (Satterthwaite 1946; Welch's t test).

    Args:
        terms: each estimate, float64 `[C]`, not negative, and its own degrees of freedom.

    Returns:
        float64 `[C]`.
    """
    variance = np.sum([of_term for of_term, _ in terms], axis=0)
    squares = np.sum([of_term**2 / freedom for of_term, freedom in terms], axis=0)
    # without scatter at all the degrees of freedom do not matter
    freedom = np.divide(variance**2, squares, out=np.ones_like(variance), where=squares > 0)
    return stats.t.ppf((1 + LEVEL) / 2, freedom) * np.sqrt(variance)


def what_is_covered(rows: Mapping[str, Iterable[Difference | None]]) -> str:
    """What the intervals of a table cover, a sentence for rows that are alike in that; empty without any.

    Args:
        rows: what a row is of -> its differences.
    """
    names: dict[str, list[str]] = {}
    for name, row in rows.items():
        for words in dict.fromkeys(one.coverage.words for one in row if one):
            names.setdefault(words, []).append(name)
    if len(names) == 1:
        return f"The 95% intervals cover {next(iter(names))}."
    return " ".join(f"The 95% intervals of {enumeration(of)} cover {words}." for words, of in names.items())


def enumeration(words: Sequence[str], last: str = "and") -> str:
    """`one, two and three`."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
