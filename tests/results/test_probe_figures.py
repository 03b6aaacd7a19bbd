from __future__ import annotations

from aesthkeras.results.measures import MEASURES
from aesthkeras.results.probe_figures import layer_figure
from aesthkeras.results.probe_tables import AVERAGE, Cell, Table


def test_encoders_may_be_called_by_signs_of_money():
    table = Table(("conv1", AVERAGE), {"$$": (Cell(50, None, 1), None)})
    assert layer_figure(table, MEASURES["auc"], {"$$": "black"}, None).startswith(b"\x89PNG")
