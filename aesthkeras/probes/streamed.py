"""Exact probes of more photos than values, whose features are read in blocks and never held in memory.

Logistic regression: L-BFGS (Nocedal and Wright, Numerical Optimization, algorithm 7.4), preconditioned by the
normal equations. At w = 0 the Hessian of the logistic loss is X^T X / 4 plus the penalty, and it is nowhere
greater (Böhning 1992, "Multinomial logistic regression algorithm"). So some twenty passes over the features
do, and all folds and strengths take them together. Ridge regression: the normal equations themselves.

Products of blocks are float32, but for the last fit, their sums float64.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit

from aesthkeras.probes.lockstep_lbfgs import minimise
from aesthkeras.probes.products import product
from aesthkeras.probes.rows import FeatureRows, Standardisation, standardisation_of

ROWS_AT_ONCE = 512  # whose float32 values stay in the processor's cache
ROWS_OF_PRODUCTS = 8192  # enough for the product of a block to cost more than adding it


class Accuracy(NamedTuple):
    """How well a logistic regression is solved: by a share of its loss, with sums over values of a dtype."""

    share: float
    dtype: type[np.floating]


CHOICE = Accuracy(1e-7, np.float32)  # to compare strengths
FIT = Accuracy(1e-11, np.float64)  # to predict by one: at C = 100 float32 moves probabilities by 1e-4


class Moments(NamedTuple):
    """Sums over some photos of their standardised values x and scores y.

    Attributes:
        photos: how many.
        values: sum of x, `[values]`.
        squares: sum of x x^T, `[values, values]`.
        scores: sum of y.
        products: sum of x y, `[values]`.
    """

    photos: int
    values: np.ndarray
    squares: np.ndarray
    scores: float
    products: np.ndarray


class StreamedProblem:
    """The training photos of one block, and all that is fitted to them.

    Args:
        train: features of the training photos, more of them than values.
        folds: indices that are fitted and that are held out; the latter do not overlap.
        labels: int `[training photos]`, 0 and 1.
        scores: float `[training photos]`, or None.
    """

    def __init__(
        self,
        train: FeatureRows,
        folds: Sequence[tuple[np.ndarray, np.ndarray]],
        labels: np.ndarray,
        scores: np.ndarray | None = None,
    ) -> None:
        self.train, self.folds, self.labels, self.scores = train, folds, labels, scores
        self._start: dict[float, np.ndarray] = {}  # strength -> the folds' mean solution

    @cached_property
    def standard(self) -> Standardisation:
        """That of the training photos."""
        return standardisation_of(self.train, ROWS_AT_ONCE)

    @cached_property
    def parts(self) -> list[Moments]:
        """The moments of each fold's held-out photos, then of the photos that no fold holds out, if any."""
        places = [held for _, held in self.folds]
        rest = np.setdiff1d(np.arange(len(self.train)), np.concatenate([[], *places]))
        return [self._moments(some) for some in (*places, rest) if len(some)]

    def log_losses(self, strengths: tuple[float, ...]) -> np.ndarray:
        """The sum of the held-out photos' log losses for each C, `[strengths]`."""
        losses = np.zeros(len(strengths))
        if not self.folds:
            return losses
        fitted = np.zeros((len(self.train), len(self.folds)), bool)
        for fold, (places, _) in enumerate(self.folds):
            fitted[places, fold] = True
        weights = self._logistic(fitted, strengths, fitted.mean(), None, CHOICE)
        for place, strength in enumerate(strengths):
            self._start[strength] = weights[:, place :: len(strengths)].mean(1, keepdims=True)
        signs = (1 - 2 * self.labels)[:, np.newaxis]
        for fold, (_, held) in enumerate(self.folds):
            some = slice(fold * len(strengths), (fold + 1) * len(strengths))
            logits = self._outputs(self.train.of(held), weights[:, some])
            losses += np.logaddexp(0, signs[held] * logits).sum(0)
        return losses

    def probabilities(self, strength: float, test: FeatureRows) -> np.ndarray:
        """Probability of class 1 for test photos, float64 `[test photos]`, by a fit with C = `strength`."""
        everything = np.ones((len(self.train), 1), bool)
        weights = self._logistic(everything, (strength,), 1.0, self._start.get(strength), FIT)
        return expit(self._outputs(test, weights)[:, 0])

    def squared_errors(self, alphas: tuple[float, ...]) -> np.ndarray:
        """The sum of the held-out photos' squared errors of ridge regression for each alpha, `[alphas]`."""
        assert self.scores is not None
        errors = np.zeros(len(alphas))
        for fold, (_, held) in enumerate(self.folds):
            fitted = _sum([part for place, part in enumerate(self.parts) if place != fold])
            predicted = self._outputs(self.train.of(held), ridge_weights(fitted, alphas))
            errors += np.square(predicted - self.scores[held, np.newaxis]).sum(0)
        return errors

    def predicted_scores(self, alpha: float, test: FeatureRows) -> np.ndarray:
        """Scores of test photos, float64 `[test photos]`, by ridge regression."""
        return self._outputs(test, ridge_weights(_sum(self.parts), (alpha,)))[:, 0]

    def _moments(self, places: np.ndarray) -> Moments:
        rows, count = self.train.of(places), self.train.values
        scores = np.zeros(len(places)) if self.scores is None else self.scores[places]
        values, products, squares = np.zeros(count), np.zeros(count), np.zeros((count, count))
        for some, block in self.standard.blocks(rows, ROWS_OF_PRODUCTS):
            values += block.sum(0, dtype=np.float64)
            products += scores[some].astype(np.float32) @ block
            squares += product(block.T, block)
        return Moments(len(places), values, squares, float(scores.sum()), products)

    def _logistic(
        self,
        fitted: np.ndarray,
        strengths: tuple[float, ...],
        share: float,
        start: np.ndarray | None,
        accuracy: Accuracy,
    ) -> np.ndarray:
        """Fits every column of `fitted`, bool `[training photos, sets]`, with every strength.

        Returns:
            Weights and, in the last row, the intercept: float64 `[values + 1, sets x strengths]`.
        """
        penalties = np.tile(1 / np.array(strengths), fitted.shape[1])
        solve = self._preconditioner(strengths, share)
        begin = np.zeros((self.train.values + 1, len(penalties))) if start is None else start

        def loss(weights: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            chosen = fitted[:, columns // len(strengths)]
            return self._logistic_loss(weights, penalties[columns], chosen, accuracy.dtype)

        return minimise(loss, begin, solve, accuracy.share)

    def _logistic_loss(
        self, weights: np.ndarray, penalties: np.ndarray, fitted: np.ndarray, dtype: type[np.floating]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Losses `[columns]` and their gradients `[values + 1, columns]`, in one pass over the features."""
        gradients = np.zeros_like(weights)
        gradients[:-1] = penalties * weights[:-1]
        losses = (weights[:-1] * gradients[:-1]).sum(0) / 2
        kernel, level = weights[:-1].astype(dtype), weights[-1]
        for some, rows in self.standard.blocks(self.train, ROWS_AT_ONCE):
            block = rows.astype(dtype, copy=False)
            labels, counted = self.labels[some, np.newaxis], fitted[some]
            logits = product(block, kernel) + level
            losses += (np.logaddexp(0, (1 - 2 * labels) * logits) * counted).sum(0)
            residuals = (expit(logits) - labels) * counted
            gradients[:-1] += product(block.T, residuals.astype(dtype, copy=False))
            gradients[-1] += residuals.sum(0)
        return losses, gradients

    def _preconditioner(
        self, strengths: tuple[float, ...], share: float
    ) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
        """What multiplies gradients by the inverse of the greatest Hessian; a factor for each strength."""
        hessian = (_sum(self.parts).squares * (share / 4)).astype(np.float32)
        diagonal = np.einsum("ii->i", hessian)
        # float32 cannot tell a smaller penalty from rounding; a preconditioner may be a little off
        least = 1e-3 * float(diagonal.mean())
        factors = []
        for strength in strengths:
            matrix = hessian.copy(order="F")
            np.einsum("ii->i", matrix)[:] += max(1 / strength, least)
            factors.append(cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False))
        photos = share * len(self.train)

        def solve(gradients: np.ndarray, columns: np.ndarray) -> np.ndarray:
            steps = np.empty_like(gradients)
            for place, factor in enumerate(factors):
                mine = columns % len(strengths) == place
                if mine.any():
                    right = gradients[:-1, mine].astype(np.float32)
                    steps[:-1, mine] = cho_solve(factor, right, overwrite_b=True, check_finite=False)
            steps[-1] = gradients[-1] * (4 / photos)
            return steps

        return solve

    def _outputs(self, rows: FeatureRows, weights: np.ndarray) -> np.ndarray:
        """Linear outputs, float64 `[rows, columns]`."""
        outputs = np.empty((len(rows), weights.shape[1]))
        kernel = weights[:-1].astype(np.float32)
        for some, block in self.standard.blocks(rows, ROWS_AT_ONCE):
            outputs[some] = product(block, kernel) + weights[-1]
        return outputs


def ridge_weights(moments: Moments, alphas: tuple[float, ...]) -> np.ndarray:
    """Ridge regressions with an intercept, from the moments of the photos that they are fitted to.

    Returns:
        Weights and, in the last row, the intercept: float64 `[values + 1, alphas]`.
    """
    center, level = moments.values / moments.photos, moments.scores / moments.photos
    squares = moments.squares - np.outer(moments.values, center)
    products = moments.products - moments.values * level
    # sums of float32 products are no more exact than this; a matrix with a smaller alpha may have no factor
    least = float(np.finfo(np.float32).eps) * float(np.trace(squares))
    weights = np.empty((len(center) + 1, len(alphas)))
    for place, alpha in enumerate(alphas):
        matrix = squares.copy(order="F")
        np.einsum("ii->i", matrix)[:] += max(alpha, least)
        factor = cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
        weights[:-1, place] = cho_solve(factor, products, check_finite=False)
    weights[-1] = level - center @ weights[:-1]
    return weights


def _sum(parts: Sequence[Moments]) -> Moments:
    """The moments of all photos of several parts."""
    squares = parts[0].squares.copy()
    for part in parts[1:]:
        squares += part.squares
    return Moments(
        sum(part.photos for part in parts),
        np.sum([part.values for part in parts], axis=0),
        squares,
        sum(part.scores for part in parts),
        np.sum([part.products for part in parts], axis=0),
    )
