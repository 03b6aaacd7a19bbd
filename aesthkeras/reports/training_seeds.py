"""One row for encoders that differ in their seed alone: `NAME-seed0`, `NAME-seed1`, `random alexnet seed 0`.

The row is the mean over all repeats and seeds, and a difference is that of two rows. The seeds of two
encoders have nothing in common, so each row may have its own; their scatter is part of the interval.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from aesthkeras.errors import UsageError
from aesthkeras.reports.probe_runs import ProbeRun
from aesthkeras.reports.sections import ALIKE

APART = 10_000  # repeats of seed s are numbered from s times this on
NAMED = re.compile(r"(?P<base>.+)[- ]seed ?(?P<seed>\d+)(?P<tiles>, .+ tiles)?")


def pool_seeds(runs: Sequence[ProbeRun]) -> list[ProbeRun]:
    """Pools the runs that differ in nothing but their training seed; keeps the order.

    Raises:
        UsageError: a seed occurs twice on one data set, stands beside a run without one, or is of another
            network.
    """
    groups: dict[tuple[str, ...], dict[int, ProbeRun]] = {}
    for run in runs:
        named = NAMED.fullmatch(run.encoder)
        base, seed = run.encoder, -1
        if named:
            base, seed = named["base"] + (named["tiles"] or ""), int(named["seed"])
        alike = (str(getattr(run, name)) for name in ALIKE)
        group = groups.setdefault((base, run.dataset, *alike, *run.layers), {})
        if seed in group:
            raise UsageError(
                f"{run.folder}: expected each seed once per data set; {group[seed].folder} also holds "
                f"{run.encoder} on {run.dataset}"
            )
        if group:
            _refuse_other(run, next(iter(group.values())), is_mixed=-1 in (seed, *group))
        group[seed] = run
    return [group[-1] if -1 in group else _together(base, group) for (base, *_), group in groups.items()]


def _refuse_other(run: ProbeRun, other: ProbeRun, is_mixed: bool) -> None:
    """Raises `UsageError` if the two are not seeds of one network."""
    holds = f"{other.folder} holds {other.encoder} on {run.dataset}"
    if is_mixed:
        raise UsageError(f"{run.folder}: expected all runs of an encoder with a seed in the name; {holds}")
    if other.values != run.values:
        raise UsageError(
            f"{run.folder}: expected seeds of one network; {holds} with another number of values"
        )


def _together(name: str, by_seed: dict[int, ProbeRun]) -> ProbeRun:
    ordered = dict(sorted(by_seed.items()))
    return replace(
        next(iter(ordered.values())),
        encoder=name,
        encoder_fingerprint=" ".join(run.encoder_fingerprint for run in ordered.values()),
        scores=tuple(
            score._replace(repeat=score.repeat + APART * seed)
            for seed, run in ordered.items()
            for score in run.scores
        ),
        by_seed=ordered,
    )
