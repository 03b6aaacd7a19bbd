from __future__ import annotations

from aesthkeras.preparation.plots import class_plot


def test_classes_may_be_called_by_signs_of_money():
    names = ["$", "$$", "$$$", "cash_$_flow_$"]
    drawn = class_plot({"train": {"classes": {name: 3 for name in names}}})
    assert all(f">{name}</text>" in drawn for name in names)
