"""L-BFGS for several problems at once, whose losses one pass over the data gives together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

MEMORY = 10  # pairs of a step and the change of the gradient along it
MOST_STEPS = 300
MOST_HALVINGS = 8  # in a row, of a step that does not make the loss less: then rounding is all that is left
DECREASE = 1e-4  # of what the slope promises (Armijo)
SAVED = 1e-10

# weights [values, some columns], their columns -> losses [some columns], gradients [values, some columns]
Losses = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
# gradients [values, some columns], their columns -> the same by the inverse of a matrix near the Hessian
Solve = Callable[[np.ndarray, np.ndarray], np.ndarray]


def minimise(losses: Losses, start: np.ndarray, solve: Solve, share: float) -> np.ndarray:
    """Minimises convex losses, one a column, all by the same calls of `losses`.

    Every call tries one step for each column that is not solved. A step that saves too little is halved.

    Args:
        losses: computes losses and gradients.
        start: float64 `[values, columns]`.
        solve: the preconditioner.
        share: a problem is solved when twice the loss that a step would still save is below this share of the
            loss, or below 1e-10.

    Returns:
        The weights, float64 `[values, columns]`.
    """
    weights, columns = start.copy(), np.arange(start.shape[1])
    here = start.copy()
    values, gradients = losses(here, columns)
    history = _History()
    steps, slopes = _direction(gradients, columns, history, solve)
    lengths = np.ones(len(columns))
    for _ in range(MOST_STEPS):
        is_solved = (-slopes < np.maximum(SAVED, share * values)) | (lengths < 0.5**MOST_HALVINGS)
        weights[:, columns[is_solved]] = here[:, is_solved]
        if is_solved.all():
            return weights
        left = ~is_solved
        columns, here, gradients, steps = columns[left], here[:, left], gradients[:, left], steps[:, left]
        values, slopes, lengths = values[left], slopes[left], lengths[left]
        history.keep(left)
        tried = here + lengths * steps
        found, new_gradients = losses(tried, columns)
        is_better = found <= values + DECREASE * lengths * slopes
        history.add(np.where(is_better, tried - here, 0), np.where(is_better, new_gradients - gradients, 0))
        here = np.where(is_better, tried, here)
        gradients = np.where(is_better, new_gradients, gradients)
        values = np.where(is_better, found, values)
        new_steps, new_slopes = _direction(gradients, columns, history, solve)
        steps, slopes = np.where(is_better, new_steps, steps), np.where(is_better, new_slopes, slopes)
        lengths = np.where(is_better, 1.0, lengths / 2)
    weights[:, columns] = here
    return weights


class _History:
    """The last pairs of a step and the change of the gradient along it, `[values, columns]` each."""

    def __init__(self) -> None:
        self.pairs: list[tuple[np.ndarray, np.ndarray]] = []

    def add(self, step: np.ndarray, change: np.ndarray) -> None:
        self.pairs = [*self.pairs, (step, change)][-MEMORY:]

    def keep(self, left: np.ndarray) -> None:
        if not left.all():
            self.pairs = [(step[:, left], change[:, left]) for step, change in self.pairs]


def _direction(
    gradients: np.ndarray, columns: np.ndarray, history: _History, solve: Solve
) -> tuple[np.ndarray, np.ndarray]:
    """The two loops of L-BFGS: steps `[values, columns]`, and the slopes of the losses along them.

    A pair that does not curve upwards, as one of a column that did not move, counts for nothing.
    """
    left, amounts = gradients.copy(), []
    for step, change in reversed(history.pairs):
        curvature = (step * change).sum(0)
        share = np.divide(1, curvature, out=np.zeros_like(curvature), where=curvature > 0)
        amount = share * (step * left).sum(0)
        left -= amount * change
        amounts.append((share, amount))
    towards = solve(left, columns)
    for (step, change), (share, amount) in zip(history.pairs, reversed(amounts)):
        towards += step * (amount - share * (change * towards).sum(0))
    return -towards, -(gradients * towards).sum(0)
