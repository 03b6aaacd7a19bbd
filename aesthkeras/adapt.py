"""Adapts an encoder: `python -m aesthkeras.adapt --encoder=savedmodels/NAME --data_dir=D --run_dir=R`.

A small network on top of a pre-trained encoder learns to score photos. The scorer is exported as a SavedModel
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


def main(_: list[str]) -> None:
    """Checks flags, labels and encoder, claims the run folder, and adapts."""
    from aesthkeras.labelled.protocols import read_labelled

    settings, recipe = command.from_flags(ScorerRunSettings), command.from_flags(ScorerRecipe)
    choices = command.from_flags(DatasetSettings)
    # Pre-training must be able to start from what is fine-tuned, and it knows no tiles.
    fits = settings.tiles <= 1 or recipe.trunk == "frozen"
    require(settings, "tiles", fits, "0 or 1 with --trunk=finetuned")
    labelled = read_labelled(settings.dataset, settings.data_dir, choices, recipe)

    from aesthkeras.scorers.adapting import adapt, find_trunk, name_blocks, require_adaptable
    from aesthkeras.training.replicas import use_devices

    require_adaptable(labelled, recipe)
    with use_devices(settings).scope():
        encoder = find_trunk(settings, recipe)
    name_blocks(recipe, encoder)
    # Not before all is checked: a claimed folder takes no other recipe, so it must not be a mistaken one.
    run = RunFolder(settings.run_dir)
    decisive = {"dataset", *(field.name for group in (recipe, choices) for field in fields(group))}
    run.claim(flag_values(settings, recipe, choices), decisive)
    command.claim_out(settings.saved_model())
    adapt(run, encoder, labelled, recipe, settings)


if __name__ == "__main__":
    command.run(main, lambda: command.define_flags(ScorerRunSettings, ScorerRecipe, DatasetSettings))
