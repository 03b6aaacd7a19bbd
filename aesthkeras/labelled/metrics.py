"""How good probabilities and predicted scores are."""

from __future__ import annotations

import numpy as np
from scipy import stats
from sklearn import metrics


def classification(labels: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    """Accuracy, balanced accuracy and area under the ROC curve.

    Args:
        labels: int `[photos]`, 0 and 1, both of them.
        probabilities: float `[photos]`, of the positive class; it is predicted from 0.5 on.

    Returns:
        `accuracy`, `balanced_accuracy` and `auc`, each in [0, 1].
    """
    predicted = (probabilities >= 0.5).astype(np.int64)
    return {
        "accuracy": float(metrics.accuracy_score(labels, predicted)),
        "balanced_accuracy": float(metrics.balanced_accuracy_score(labels, predicted)),
        "auc": float(metrics.roc_auc_score(labels, probabilities)),
    }


def correlation(scores: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Spearman's and Pearson's correlation of predicted scores with the raters' mean.

    Args:
        scores: float `[photos]`.
        predicted: float `[photos]`.

    Returns:
        `srcc` and `plcc` in [-1, 1]; empty where either is constant or there are fewer than three photos.
    """
    if len(scores) < 3 or np.ptp(scores) == 0 or np.ptp(predicted) == 0:
        return {}
    return {
        "srcc": float(stats.spearmanr(scores, predicted).statistic),
        "plcc": float(stats.pearsonr(scores, predicted).statistic),
    }
