"""Adaptation on shards: rating counts come from their entries, and the numbers are those of the folder."""

from __future__ import annotations

import numpy as np
import pytest

from aesthkeras.datasets.find import read_dataset
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.labelled.protocols import read_labelled
from aesthkeras.preparation.preparing import prepare
from aesthkeras.preparation.settings import PreparationSettings
from aesthkeras.scorers.adapting import adapt, find_trunk
from aesthkeras.scorers.settings import ScorerRecipe, ScorerRunSettings
from aesthkeras.training.run_folder import RunFolder


@pytest.mark.long
def test_a_distribution_learned_on_shards_is_that_of_the_folder(rated, exported, tmp_path):
    folder, shards = tmp_path / "data", tmp_path / "shards"
    (folder / "images").mkdir(parents=True)
    lines = ["path,split,c1,c2,c3"]
    for place, name in enumerate(rated.names[:12]):
        (folder / name).write_bytes((rated.folder / name).read_bytes())
        lines.append(f"{name},{'test' if place % 3 == 2 else 'train'},{12 - place},2,{place}")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    data_set = read_dataset("csv", str(folder), DatasetSettings())
    prepare(data_set, str(shards), PreparationSettings(original_bytes=True), progress=False)
    recipe = ScorerRecipe(
        target="distribution",
        blocks="conv1",
        hidden="4",
        members=1,
        inner_folds=2,
        components=4,
        views=3,
        epochs=2,
    )
    found = []
    for data in (folder, shards):
        run_dir = tmp_path / f"run of {data.name}"
        where = {"encoder": exported, "data_dir": data, "run_dir": run_dir, "out": run_dir / "scorer"}
        settings = ScorerRunSettings(**{name: str(path) for name, path in where.items()})
        labelled = read_labelled("csv", str(data), DatasetSettings(), recipe)
        run = RunFolder(run_dir)
        run.claim({"seed": "0"}, set())
        adapt(run, find_trunk(settings, recipe), labelled, recipe, settings)
        found.append(np.load(run_dir / "predictions.npz"))
    expected, on_shards = found
    assert sorted(on_shards) == sorted(expected)
    for name in expected:
        np.testing.assert_array_equal(on_shards[name], expected[name])
