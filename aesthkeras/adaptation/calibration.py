"""Probabilities that mean what they say: one temperature, fitted on photos that did not train."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar

# The temperature lies between the margins' spread divided by this and the spread times this: beyond, float32
# probabilities of different photos become equal, and their order is lost.
RANGE = 20


def fit_temperature(margins: np.ndarray, labels: np.ndarray) -> float:
    """The temperature T with the least log loss of `sigmoid(margins / T)`.

    Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks" (2017). It changes no order and
    no decision. Margins that separate the classes would want a T of 0, and those that say nothing or the
    contrary an endless one: T stays within a factor of 20 of the margins' root mean square.

    Args:
        margins: float `[photos]`: logits, or ratings less the threshold.
        labels: int `[photos]`, 0 and 1.

    Returns:
        Above 0; 1 where all margins are 0.
    """
    spread = float(np.sqrt(np.mean(np.square(margins, dtype=np.float64))))
    if spread == 0:
        return 1.0
    signed = (2 * labels.astype(np.float64) - 1) * margins / spread

    def log_loss(logarithm: float) -> float:
        return float(np.logaddexp(0, -signed * np.exp(-logarithm)).mean())

    limit = float(np.log(RANGE))
    found = minimize_scalar(log_loss, bounds=(-limit, limit), method="bounded", options={"xatol": 1e-4})
    return spread * float(np.exp(found.x))


def calibration_error(labels: np.ndarray, probabilities: np.ndarray, bins: int = 15) -> float:
    """The expected calibration error: how far the share of positives is from the probability, on average.

    Over bins of equal width (Guo et al. 2017), each weighted by its photos. With few photos it is above 0 by
    chance alone.

    Args:
        labels: int `[photos]`, 0 and 1.
        probabilities: float `[photos]` in [0, 1], of the positive class.
        bins: how many.

    Returns:
        In [0, 1].
    """
    numbers = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(numbers, weights=labels - probabilities, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))
