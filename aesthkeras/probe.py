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


def main(_: list[str]) -> None:
    """Checks flags, labels and encoder, claims the run folder, and probes."""
    from aesthkeras.labelled.protocols import read_labelled

    settings, recipe = command.from_flags(LabelledRunSettings), command.from_flags(ProbeRecipe)
    choices = command.from_flags(DatasetSettings)
    labelled = read_labelled(settings.dataset, settings.data_dir, choices, recipe)

    from aesthkeras.finding.find import find_encoder
    from aesthkeras.probes.probing import name_layers, probe
    from aesthkeras.training.replicas import use_devices

    with use_devices(settings).scope():
        encoder = find_encoder(settings.encoder, settings.calibration_dir, settings.tiles)
    name_layers(recipe, encoder)
    # Not before all is checked: a claimed folder takes no other recipe, so it must not be a mistaken one.
    run = RunFolder(settings.run_dir)
    decisive = {"dataset", *(field.name for group in (recipe, choices) for field in fields(group))}
    if recipe.fractions[0] == 1:  # none of the labels are drawn
        decisive.remove("label_draws")
    run.claim(flag_values(settings, recipe, choices), decisive)
    probe(run, encoder, labelled, recipe, settings)


if __name__ == "__main__":
    command.run(main, lambda: command.define_flags(LabelledRunSettings, ProbeRecipe, DatasetSettings))
