"""Adaptation that trains the encoder along."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.encoders import build_encoder, in_tiles
from aesthkeras.finding.find import find_encoder
from aesthkeras.networks.export import Export
from aesthkeras.networks.saving import export_encoder
from tests.scorers.test_adapting import run_adapt


def test_a_finetuned_trunk_is_exported_changed(rated, exported, tmp_path):
    settings = {"trunk": "finetuned", "members": 1, "epochs": 2, "protocol": "split", "target": "score"}
    split = DatasetSettings(split="random", split_seed=5, test_share=0.3)
    version = run_adapt(rated.folder, tmp_path / "run", exported, split, **settings)
    before, after = (trunk_weights(folder) for folder in (exported, version))
    moved = [np.abs(one - other).max() for one, other in zip(before, after)]
    assert max(moved) > 0
    assert Export.open(version).meaning["trunk"] == "finetuned"


@pytest.mark.parametrize("kind", ["tiles", "alexnet_lab"])
@pytest.mark.long
def test_a_trunk_of_several_encoders_is_finetuned(kind, rated, exported, tmp_path):
    found = find_encoder(str(exported))
    if kind == "tiles":
        encoder = in_tiles(found.model, 2)
    else:
        encoder = build_encoder(kind, input_size=found.crop, width=0.25)
    resize = found.resize * encoder.input_shape[1] // found.crop
    start = export_encoder(encoder, tmp_path / "start", resize_edge=resize)
    settings = {"trunk": "finetuned", "members": 1, "epochs": 1, "protocol": "split", "target": "score"}
    split = DatasetSettings(split="random", split_seed=5, test_share=0.3)
    version = run_adapt(rated.folder, tmp_path / "run", start, split, **settings)
    assert Export.open(version).crop == found.crop  # it is a tile's encoder that is trained
    before, after = (trunk_weights(folder) for folder in (start, version))
    assert max(np.abs(one - other).max() for one, other in zip(before, after)) > 0


def trunk_weights(folder: Path) -> list[np.ndarray]:
    return Export.open(folder).encoder().get_weights()
