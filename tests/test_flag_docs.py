"""Every flag of these commands stands in docs/, with the default that it has."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from aesthkeras.cluster.engine import EngineSettings
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.experiments.settings import ExperimentSettings
from aesthkeras.export import ExportSettings
from aesthkeras.labelled.settings import LabelledRunSettings
from aesthkeras.monotone import MonotoneSettings
from aesthkeras.preparation.settings import PreparationSettings
from aesthkeras.prepare import PrepareSettings
from aesthkeras.pretext.options import task_names, task_options
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.run_settings import RunSettings
from aesthkeras.preview import PreviewSettings
from aesthkeras.probes.settings import ProbeRecipe
from aesthkeras.report import ReportSettings
from aesthkeras.score import ScoreSettings
from aesthkeras.scorers.settings import ScorerRecipe, ScorerRunSettings

DOCS = Path(__file__).parents[1] / "docs"
ROW = re.compile(r"^\| `--(\w+)` \| (?:`([^`]*)`|(empty)) \| \S", re.MULTILINE)


def documented(*names: str) -> dict[str, str]:
    """Flag -> default, of whole files (`probes.md`) or of a section (`probes.md#report`); later ones win."""
    found = {}
    for name in names:
        file, _, section = name.partition("#")
        parts = re.split(r"^## ", (DOCS / file).read_text(), flags=re.MULTILINE)
        commands = ("`report`", "`experiments`")
        if section:
            parts = [part for part in parts if part.startswith(section)]
        else:
            parts = [part for part in parts if not part.startswith(commands)]
        rows = [row for part in parts for row in ROW.findall(part)]
        assert len({flag for flag, _, _ in rows}) == len(rows), "a flag stands twice"
        found.update({flag: default for flag, default, _ in rows})
    return found


def defaults(*groups: type) -> dict[str, str]:
    texts = {}
    for field in (field for group in groups for field in dataclasses.fields(group)):
        is_switch = isinstance(field.default, bool)
        texts[field.name] = str(field.default).lower() if is_switch else str(field.default)
    return texts


@pytest.mark.parametrize(
    ("files", "groups"),
    [
        (["probes.md"], [LabelledRunSettings, ProbeRecipe, DatasetSettings]),
        (["probes.md#`report`"], [ReportSettings]),
        (["probes.md#`experiments`"], [ExperimentSettings]),
    ],
)
def test_flags_of_probes_stand_in_docs(files, groups):
    assert documented(*files) == defaults(*groups)


def test_flags_of_adapt_stand_in_docs_and_none_that_it_lacks():
    known = defaults(ScorerRunSettings, ScorerRecipe, DatasetSettings)
    stated = documented("probes.md", "adapting.md")
    assert {flag: stated.get(flag) for flag in known} == known
    assert set(documented("adapting.md")) <= set(known)


@pytest.mark.parametrize(
    "settings",
    [
        PrepareSettings,
        PreparationSettings,
        EngineSettings,
        PreviewSettings,
        ScoreSettings,
        MonotoneSettings,
        ExportSettings,
    ],
)
def test_flags_of_the_other_commands_are_named_in_docs(settings):
    pages = [*DOCS.glob("*.md"), DOCS.parent / "README.md"]
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    named = set(re.findall(r"--([a-z]\w*)", text))
    assert {field.name for field in dataclasses.fields(settings)} <= named


def test_flags_of_pretrain_stand_in_docs():
    options = [task_options(name) for name in task_names()]
    assert documented("pretraining.md") == {"task": "degradation", **defaults(RunSettings, Recipe, *options)}
