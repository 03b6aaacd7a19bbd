"""Calibration: a sigmoid fitted on photos that did not train the scorer, and the calibration error."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

# The temperature lies between the values' spread / STEEPEST and spread * FLATTEST. The sigmoid in float32 is
# 1 from 17 on, so that photos up to three spreads above the threshold keep their order.
STEEPEST, FLATTEST = 5, 20


def fit_calibration(
    values: np.ndarray, labels: np.ndarray, threshold: float | None = None
) -> tuple[float, float]:
    """Threshold and temperature T with the least log loss of `sigmoid((values - threshold) / T)`.

    With a given threshold this is temperature scaling (Guo, Pleiss, Sun, Weinberger, "On Calibration of
    Modern Neural Networks", 2017), which changes no decision. Without, it is Platt scaling (Platt,
    "Probabilistic outputs for support vector machines", 1999). Ratings need it: if they are skewed, both
    classes are equally likely at another predicted rating than the one that divides them. Neither changes the
    order.

    Args:
        values: float `[photos]`: logits, or predicted ratings.
        labels: int `[photos]`, 0 and 1, both of them.
        threshold: None to fit it.

    Returns:
        The threshold, and T above 0. T stays between a fifth and 20 times the spread of the values: without
        limits it would be 0 for values that separate the classes, and infinite for useless ones.
    """
    values = values.astype(np.float64)
    center = float(values.mean()) if threshold is None else threshold
    spread = float(np.sqrt(np.square(values - center).mean())) or 1.0
    standardised, signs = (values - center) / spread, 2.0 * labels - 1

    def log_loss(coefficients: np.ndarray) -> tuple[float, np.ndarray]:
        slope, offset = coefficients
        margins = signs * (slope * standardised + offset)
        pull = -signs * expit(-margins)
        gradient = np.array([(pull * standardised).mean(), pull.mean()])
        return float(np.logaddexp(0, -margins).mean()), gradient

    bounds = [(1 / FLATTEST, STEEPEST), (None, None) if threshold is None else (0, 0)]
    found = minimize(
        log_loss,
        [1.0, 0.0],
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"ftol": 1e-12, "gtol": 1e-8},
    )
    slope, offset = found.x
    return center - spread * float(offset / slope), spread / float(slope)


def calibration_error(labels: np.ndarray, probabilities: np.ndarray, bins: int = 15) -> float:
    """The expected calibration error: how far the share of positives is from the probability, on average.

    Over bins of equal width (Guo et al. 2017), each weighted by its photos. With few photos it is above 0 by
    chance alone.

    Args:
        labels: int `[photos]`, 0 and 1.
        probabilities: float `[photos]` in [0, 1], of the positive class.
        bins: how many bins there are from 0 to 1.

    Returns:
        In [0, 1].
    """
    numbers = np.minimum((probabilities * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(numbers, weights=labels - probabilities, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))
