"""Probes an encoder: `python -m aesthkeras.probe --encoder=savedmodels/NAME --data_dir=D --run_dir=R`.

Linear classifiers on every block of a frozen encoder say how much aesthetic quality can be read from it. The
run folder then holds `results.csv` (a row a probe), `predictions.npz` (the out-of-fold probability of every
photo), `probe.json` and `quarantine.csv`; the same command, killed and started again, goes on.
"""

from __future__ import annotations

from dataclasses import fields

from aesthkeras import command
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.labelled.settings import LabelledRunSettings
from aesthkeras.probes.settings import ProbeRecipe
from aesthkeras.settings import flag_values
from aesthkeras.training.run_folder import RunFolder


def define() -> None:
    """All flags of the command."""
    for settings in (LabelledRunSettings, ProbeRecipe, DatasetSettings):
        command.define_flags(settings)


def main(_: list[str]) -> None:
    """Checks flags and labels, claims the run folder, then loads TensorFlow and probes."""
    from aesthkeras.labelled.protocols import read_labelled

    places, recipe = command.from_flags(LabelledRunSettings), command.from_flags(ProbeRecipe)
    choices = command.from_flags(DatasetSettings)
    # Before the folder is claimed: a mistake in the folds must not be what the folder insists on.
    labelled = read_labelled(places.dataset, places.data_dir, choices, recipe)
    run = RunFolder(places.run_dir)
    decisive = {"dataset", *(field.name for group in (recipe, choices) for field in fields(group))}
    run.claim(flag_values(places, recipe, choices), decisive)

    from aesthkeras.probes.probing import probe

    probe(run, places, labelled, recipe)


if __name__ == "__main__":
    command.run(main, define)
