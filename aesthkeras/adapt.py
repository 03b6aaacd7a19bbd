"""Adapts an encoder: `python -m aesthkeras.adapt --encoder=savedmodels/NAME --data_dir=D --run_dir=R`.

A small network on top of a pre-trained encoder learns to score photos. The scorer comes out as a SavedModel
under --out. The run folder holds `results.csv` (a row a fold), `predictions.npz` (the out-of-fold score of
every photo), `adapt.png` and `adapt.json`; the same command, killed and started again, goes on.
"""

from __future__ import annotations

from dataclasses import fields

from aesthkeras import command
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.scorers.settings import ScorerRecipe, ScorerRunSettings
from aesthkeras.settings import flag_values, require
from aesthkeras.training.run_folder import RunFolder


def define() -> None:
    """All flags of the command."""
    for settings in (ScorerRunSettings, ScorerRecipe, DatasetSettings):
        command.define_flags(settings)


def main(_: list[str]) -> None:
    """Checks flags and labels, claims the run folder, then loads TensorFlow and adapts."""
    from aesthkeras.labelled.protocols import read_labelled

    places, recipe = command.from_flags(ScorerRunSettings), command.from_flags(ScorerRecipe)
    choices = command.from_flags(DatasetSettings)
    # What is trained along must end in an encoder that pre-training knows.
    require(places, "tiles", places.tiles <= 1 or recipe.trunk == "frozen", "0 or 1 with --trunk=finetuned")
    # Before the folder is claimed: a mistake in the folds must not be what the folder insists on.
    labelled = read_labelled(places.dataset, places.data_dir, choices, recipe)

    from aesthkeras.scorers.adapting import adapt, require_adaptable

    require_adaptable(labelled, recipe)
    run = RunFolder(places.run_dir)
    decisive = {"dataset", *(field.name for group in (recipe, choices) for field in fields(group))}
    run.claim(flag_values(places, recipe, choices), decisive)
    command.claim_out(places.saved_model())
    adapt(run, places, labelled, recipe)


if __name__ == "__main__":
    command.run(main, define)
