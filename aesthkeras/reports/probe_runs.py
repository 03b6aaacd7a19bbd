"""A run of `probe` or `adapt` as reports see it: what its files say, and its measures by repeat.

A scorer is one layer, `ADAPTED`, that learned from all labels.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from aesthkeras.errors import UsageError
from aesthkeras.labelled.description import (
    ADAPTED,
    AS_WRITTEN,
    PROBE,
    SCORER,
    ProbeDescription,
    read_probe_description,
    read_scorer_description,
)
from aesthkeras.labelled.results import FoldScore, read_probe_results
from aesthkeras.training.learned import Learned, read_learned
from aesthkeras.training.run_folder import RunFolder

NONLINEAR = "non-linear head"
"""What stands for the solver of a probe in the run of a scorer."""
SOLVER_FLAGS = {
    NONLINEAR: ("target", "trunk", "blocks", "components", "hidden", "linear_path", "members", "epochs"),
    "lbfgs": ("mirror",),
    "sgd": (
        "epochs",
        "batch_size",
        "learning_rate",
        "learning_rate_factor",
        "learning_rate_epochs",
        "momentum",
        "decay",
        "weight_decay",
    ),
}


@dataclass(frozen=True)
class ProbeRun:
    """One encoder probed on one data set; `layers` in the model's order, `values` is layer -> pooled values.

    `by_seed` is training seed -> run where this stands for several (`training_seeds.pool_seeds`).
    """

    folder: Path
    encoder: str
    encoder_fingerprint: str
    spec: str
    dataset: str
    dataset_fingerprint: str
    photos: int
    protocol: str
    solver: str
    pooling: str
    layers: tuple[str, ...]
    values: Mapping[str, int]
    scores: tuple[FoldScore, ...]
    flags: Mapping[str, str]
    commit: str
    by_seed: Mapping[int, ProbeRun] = field(default_factory=dict)

    @property
    def learned(self) -> Learned | None:
        """Whether the encoder's pre-training learned; None where its record is gone, or it has none."""
        return read_learned(self.spec)

    @property
    def is_adapted(self) -> bool:
        """Whether it is a scorer, not probes."""
        return self.layers == (ADAPTED,)

    @property
    def settings(self) -> str:
        """The flags that its solver uses, and balanced draws, as one types them; empty without flags.cfg."""
        names = [name for name in SOLVER_FLAGS.get(self.solver, ()) if name in self.flags]
        # with all labels none are drawn
        if self.fractions[0] < 1 and self.flags.get("label_draws") == "balanced":
            names.append("label_draws")
        return " ".join(f"--{name}={self.flags[name]}" for name in names)

    @property
    def fractions(self) -> tuple[float, ...]:
        """The label fractions that were probed, ascending."""
        return tuple(sorted({score.fraction for score in self.scores}))

    @property
    def folds(self) -> int:
        """How many folds a repeat has; 1 for a fixed split."""
        return len({score.fold for score in self.scores})

    @property
    def seeds(self) -> int:
        """How many probes were trained side by side for each test."""
        tests = Counter((score.layer, score.fraction, score.repeat, score.fold) for score in self.scores)
        return max(tests.values(), default=1)

    def replicates(self, measure: str, layer: str, fraction: float) -> np.ndarray:
        """The measure of each repeat (or seed of a repeat), averaged over its folds; float64 `[R]`.

        The order is the same for every layer. Folds in which the measure is undefined are left out; NaN
        where it is undefined in all.
        """
        found: dict[tuple[int, int], list[float]] = {}
        seeds: dict[tuple[int, int], int] = {}
        for score in sorted(self.scores, key=lambda score: score.test):
            if score.layer == layer and score.fraction == fraction:
                # folds may have different seeds: the n-th seed of a fold belongs to the n-th replicate
                number = seeds.get((score.repeat, score.fold), 0)
                seeds[score.repeat, score.fold] = number + 1
                values = found.setdefault((score.repeat, number), [])
                if not math.isnan(score.values[measure]):
                    values.append(score.values[measure])
        return np.array([np.mean(found[key]) if found[key] else math.nan for key in sorted(found)])


def read_probe_run(path: str) -> ProbeRun:
    """Reads and checks the folder of a run, predictions apart (`predictions.read_predictions`).

    Raises:
        UsageError: a file is missing, empty or not as it is written; the message names folder and file.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise UsageError(f"{path}: expected the folder of a probe run")
    run = RunFolder(folder)
    flags = _flags(run)
    is_scorer = (folder / SCORER).exists() and not (folder / PROBE).exists()
    description = _scorer(folder, flags) if is_scorer else read_probe_description(folder)
    return ProbeRun(
        folder=folder,
        encoder=description.encoder.name,
        encoder_fingerprint=description.encoder.fingerprint,
        spec=description.encoder.spec,
        dataset=description.dataset.name,
        dataset_fingerprint=description.dataset.fingerprint,
        photos=description.dataset.photos,
        protocol=description.protocol,
        solver=description.solver,
        pooling=description.pooling,
        layers=tuple(description.layers),
        values=description.values,
        scores=read_probe_results(folder, description),
        flags=flags,
        commit=_commit(run),
    )


def _scorer(folder: Path, flags: Mapping[str, str]) -> ProbeDescription:
    """A scorer, described as probes of one layer."""
    found = read_scorer_description(folder)
    inputs = found.encoder, found.dataset, found.protocol
    return ProbeDescription(*inputs, NONLINEAR, flags.get("pooling", "unknown"), [ADAPTED], {ADAPTED: 1})


def _flags(run: RunFolder) -> dict[str, str]:
    try:
        return run.read_flags()
    except (OSError, ValueError):
        raise UsageError(f"{run.flags}: expected a text, {AS_WRITTEN}") from None


def _commit(run: RunFolder) -> str:
    try:
        return str(run.read_record().get("commit", ""))
    except (OSError, ValueError, AttributeError):
        return ""  # a report does without it
