"""How often the intervals of `report` hold the truth: encoders that do not differ, simulated.

    PYTHONPATH=. python benchmarks/interval_coverage.py

Two encoders see the same signal with noise of their own (`tests/reports/equal_encoders.py`), so the true
difference is 0, and a 95% interval should hold it in 95% of the trials. Printed beside: the same interval
without its correction, and Nadeau and Bengio's (2003) corrected resampled t, whose variance is
(1/J + n_test/n_train) S^2 over the J differences of folds, with J - 1 degrees of freedom.
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy import stats

from aesthkeras.reports.predictions import Predictions
from aesthkeras.reports.significance import STATISTICS, paired_differences
from tests.reports.equal_encoders import Situation, trial

SITUATIONS = {
    "698 photos, 4800 values": (Situation(698, 4800, strength=20), 1, 0.0, 0.25),
    "140 photos, 960 values": (Situation(140, 960), 1, 0.0, 1.0),
    "the same, 2 folds x 10": (Situation(140, 960, folds=2, repeats=10), 1, 0.0, 1.0),
    "140 photos, 20 values": (Situation(140, 20, strength=2), 1, 0.0, 1.0),
    "140 photos in 40 groups, 960 values": (Situation(140, 960, groups=40), 1, 0.0, 1.0),
    "140 photos in 40 groups, 20 values": (Situation(140, 20, groups=40, strength=2), 1, 0.0, 1.0),
    "140 photos, 960 values, 3 seeds that differ": (Situation(140, 960), 3, 1.0, 0.4),
}
"""Name -> what is simulated, training seeds, how much they differ, share of the trials."""


def corrected_t_holds(sides: list[Predictions], measure: str) -> bool:
    """Whether Nadeau and Bengio's interval for the difference of the two sides holds 0."""
    in_fold, found = STATISTICS[measure], []
    for one in sides:
        for row, of_photo in enumerate(one.folds):
            for fold in range(of_photo.max() + 1):
                test = of_photo == fold
                labels, probabilities = one.labels[row, test], one.probabilities[:, row, test]
                found.append(in_fold(probabilities, labels, np.ones((1, int(test.sum()))))[0, 0])
    first, second = np.split(np.array(found), 2)
    differences = first - second
    count, folds = len(differences), sides[0].folds.max() + 1
    width = stats.t.ppf(0.975, count - 1) * np.sqrt((1 / count + 1 / (folds - 1)) * differences.var(ddof=1))
    return abs(differences.mean()) <= width


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=600)
    parser.add_argument("--resamples", type=int, default=200)
    arguments = parser.parse_args()
    print("| | trials | measure | probes right | uncorrected | corrected t | ours |")
    print("|---|---|---|---|---|---|---|")
    for name, (situation, seeds, effect, share) in SITUATIONS.items():
        generator, trials = np.random.default_rng(0), max(1, round(arguments.trials * share))
        rows: dict[str, list[tuple[float, bool, bool, bool]]] = {"accuracy": [], "auc": []}
        for _ in range(trials):
            sides = trial(situation, generator, seeds, effect)
            for measure, held in rows.items():
                one = paired_differences(*sides, measure, arguments.resamples)[0]
                narrow = abs(one.mean) <= (one.high - one.mean) / np.sqrt(2)
                right = ((sides[0].probabilities[0] >= 0.5) == sides[0].labels).mean()
                held.append((right, narrow, corrected_t_holds(sides, measure), not one.excludes_zero))
        for measure, held in rows.items():
            shown = [f"{mean:.1%}" for mean in np.mean(held, axis=0)]
            if seeds > 1:  # the two others know nothing of seeds
                shown[1:3] = "", ""
            print("|", " | ".join([name, str(trials), measure, *shown]), "|", flush=True)


if __name__ == "__main__":
    main()
