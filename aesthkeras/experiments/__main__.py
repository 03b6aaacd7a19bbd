"""Runs a whole set of experiments: `python -m aesthkeras.experiments --flagfile=flags/comparison.cfg`.

Every recipe is pre-trained with every seed, every encoder probed on every data set, and a report made of all.
The same command, killed and started again, goes on; what is finished is skipped.
"""

from __future__ import annotations

from aesthkeras import command
from aesthkeras.experiments.running import run_experiments
from aesthkeras.experiments.settings import ExperimentSettings


def main(_: list[str]) -> None:
    """Runs what is not done yet."""
    run_experiments(command.from_flags(ExperimentSettings))


if __name__ == "__main__":
    command.run(main, lambda: command.define_flags(ExperimentSettings))
