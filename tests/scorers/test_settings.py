"""Settings of scorers: what is out of range is refused, naming its flag."""

from __future__ import annotations

import pytest

from aesthkeras.errors import UsageError
from aesthkeras.scorers.settings import ScorerRecipe


@pytest.mark.parametrize(
    ("settings", "flag"),
    [
        ({"hidden": "64,x"}, "hidden=64,x"),
        ({"hidden": "0"}, "hidden=0"),
        ({"hidden": "²"}, "hidden=²"),
        ({"dropout": 1.0}, "dropout=1.0"),
        ({"members": 6}, "members=6"),
        ({"trunk": "finetuned", "members": 2}, "members=2"),
        ({"trunk_rate": 0.0}, "trunk_rate=0.0"),
        ({"trunk": "finetuned", "members": 1, "copies": 2}, "copies=2"),
        ({"copies": 25}, "copies=25"),
        ({"copy_weight": 0.0}, "copy_weight=0.0"),
        ({"copy_weight": float("inf")}, "copy_weight=inf"),
        ({"weight_decay": -1.0}, "weight_decay=-1.0"),
        ({"folds": 1}, "folds=1"),
    ],
)
def test_settings_out_of_range_name_their_flag(settings, flag):
    with pytest.raises(UsageError, match=flag):
        ScorerRecipe(**settings)
