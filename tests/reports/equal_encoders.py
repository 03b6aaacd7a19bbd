"""Two encoders that do not differ, simulated: the same signal in their values, and noise of their own.

Which of them probes better is chance. The probes are ridge regressions, trained in folds; classes are by the
median of the training part.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aesthkeras.reports.predictions import Predictions


class Situation(NamedTuple):
    """What is simulated.

    Attributes:
        photos: how many.
        values: of an encoder; one of them holds the signal.
        groups: of photos that share half of their variance and stay in one fold; 0 for none.
        folds: in each repeat.
        repeats: of the folds.
        strength: of the signal, relative to the noise in a value.
    """

    photos: int
    values: int
    groups: int = 0
    folds: int = 5
    repeats: int = 4
    strength: float = 8.0


def trial(
    situation: Situation, generator: np.random.Generator, seeds: int = 1, seed_effect: float = 0
) -> list[Predictions]:
    """Both encoders' predictions on one draw of photos, of folds, and of the trainings of either encoder."""
    photos, _, groups, folds, repeats, strength = situation
    units = generator.permutation(np.arange(photos) % groups) if groups else np.arange(photos)
    signal, taste = _shared(generator, units, groups, 2).T
    deals = np.stack([_dealt(units, folds, generator) for _ in range(repeats)])
    sides = []
    for _ in range(2):
        strengths = strength * np.exp(seed_effect * generator.normal(size=seeds))
        scores = signal + 1.5 * taste
        found = [
            _probed(_encoded(situation, units, signal, generator, one), scores, deals) for one in strengths
        ]
        probabilities, labels = (np.concatenate(arrays) for arrays in zip(*found))
        of_seeds = tuple(seed for seed in range(seeds) for _ in range(repeats))
        sides.append(
            Predictions(
                np.arange(photos).astype(str),
                units,
                labels,
                np.tile(deals, (seeds, 1)),
                probabilities[np.newaxis],
                tuple(range(repeats)) * seeds,
                of_seeds,
            )
        )
    return sides


def _shared(generator: np.random.Generator, units: np.ndarray, groups: int, columns: int) -> np.ndarray:
    """Normal values, float `[photos, columns]`; with groups, half of the variance is the group's."""
    own = generator.normal(size=(len(units), columns))
    if not groups:
        return own
    return np.sqrt(0.5) * (own + generator.normal(size=(groups, columns))[units])


def _dealt(units: np.ndarray, folds: int, generator: np.random.Generator) -> np.ndarray:
    """The fold of each photo; a unit is in one."""
    count = int(units.max()) + 1
    return generator.permutation(np.arange(count) % folds)[units]


def _encoded(
    situation: Situation,
    units: np.ndarray,
    signal: np.ndarray,
    generator: np.random.Generator,
    strength: float,
) -> np.ndarray:
    """The inner products of the photos' values, and of a 1 for the intercept, float `[photos, photos]`."""
    values = _shared(generator, units, situation.groups, situation.values)
    values[:, 0] += strength * signal
    return values @ values.T + situation.values


def _probed(products: np.ndarray, scores: np.ndarray, deals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities and labels `[repeats, photos]` of ridge probes that did not see the photo."""
    inverse = np.linalg.inv(products + np.eye(len(scores)))
    probabilities, labels = np.zeros(deals.shape), np.zeros(deals.shape, np.int8)
    for row, of_photo in enumerate(deals):
        for fold in range(of_photo.max() + 1):
            test = np.flatnonzero(of_photo == fold)
            positive = scores >= np.median(scores[of_photo != fold])
            # what a probe of the other photos answers, from one inverse of all (as leave-one-out has it)
            target = 2.0 * positive - 1
            rest = np.linalg.solve(inverse[np.ix_(test, test)], inverse[test] @ target)
            probabilities[row, test] = 1 / (1 + np.exp(rest - target[test]))
            labels[row, test] = positive[test]
    return probabilities, labels
