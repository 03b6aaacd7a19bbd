"""Every flag can be found: in a flag file with its reason, or in the documentation with its default."""

from __future__ import annotations

import dataclasses
import importlib
import re
from pathlib import Path

import pytest

from aesthkeras.pretext.options import task_names, task_options

ROOT = Path(__file__).parents[1]

# Of each command: the dataclasses that its flags come from.
SETTINGS = {
    "adapt": ("scorers.settings.ScorerRunSettings", "scorers.settings.ScorerRecipe"),
    "experiments": ("experiments.running.ExperimentSettings",),
    "export": ("export.ExportSettings",),
    "monotone": ("monotone.MonotoneSettings",),
    "prepare": ("preparation.settings.PreparationSettings", "datasets.settings.DatasetSettings"),
    "pretrain": ("pretext.run_settings.RunSettings", "pretext.recipe.Recipe"),
    "preview": ("preview.PreviewSettings",),
    "probe": ("labelled.settings.LabelledRunSettings", "probes.settings.ProbeRecipe"),
    "report": ("report.ReportSettings",),
    "score": ("score.ScoreSettings",),
}


def settings_of(command: str) -> list[type]:
    found = []
    for place in SETTINGS[command]:
        module, _, name = place.rpartition(".")
        found.append(getattr(importlib.import_module(f"aesthkeras.{module}"), name))
    if command == "pretrain":
        found += [task_options(task) for task in task_names()]
    return found


@pytest.fixture(scope="module")
def documented() -> set[str]:
    files = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "flags").rglob("*.cfg")]
    return set(re.findall(r"--([a-z]\w*)", "\n".join(file.read_text(encoding="utf-8") for file in files)))


@pytest.mark.parametrize("command", sorted(SETTINGS))
def test_every_flag_is_in_a_flag_file_or_in_the_documentation(command, documented):
    flags = {field.name for settings in settings_of(command) for field in dataclasses.fields(settings)}
    assert flags - documented == set()
