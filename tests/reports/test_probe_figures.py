"""Figures as one sees them: nothing is cut off or squeezed, and what is shown is what was measured."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from aesthkeras.reports.comparisons import Comparison
from aesthkeras.reports.intervals import Coverage, Difference
from aesthkeras.reports.measures import MEASURES
from aesthkeras.reports.probe_figures import difference_figure, encoder_colours, layer_figure
from aesthkeras.reports.probe_tables import AVERAGE, Cell, Table

BLUE = (0x00, 0x72, 0xB2)


def pixels(picture: bytes) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(picture)).convert("RGB"))


def differences(names: list[str], certain: int) -> Comparison:
    """All around 0 but that of one encoder, 5 points above."""
    coverage = Coverage("photos", is_refitted=True, encoder_seeds=False, reference_seeds=False)
    rows = {
        name: (Difference(*((5.0, 4.0, 6.0) if place == certain else (0.0, -1.0, 1.0)), coverage),) * 2
        for place, name in enumerate(names)
    }
    return Comparison("random", MEASURES["accuracy"], ("conv1", AVERAGE), rows, 0.5)


def test_encoders_may_be_called_by_signs_of_money():
    table = Table(("conv1", AVERAGE), {"$$": (Cell(50, None, 1), None)})
    assert layer_figure(table, MEASURES["auc"], {"$$": "black"}, None).startswith(b"\x89PNG")


@pytest.mark.parametrize("length", [5, 30, 60])
def test_the_legend_leaves_the_plot_its_room_and_is_not_cut(length):
    names = [f"{letter}{'n' * length}" for letter in "abc"]
    drawn = pixels(difference_figure(differences(names, 0), encoder_colours(names, "")))
    dark = drawn.max(-1) < 100
    assert not dark[:, -3:].any()
    line = dark[drawn.shape[0] * 3 // 4 :].sum(1).max()  # the x axis
    assert line > 0.85 * drawn.shape[1]


def test_more_encoders_than_colours_are_a_line_each_with_what_is_certain_in_colour():
    names = [f"encoder {number}" for number in range(12)]
    drawn = pixels(difference_figure(differences(names, 3), encoder_colours(names, "")))
    coloured = np.flatnonzero((np.abs(drawn.astype(int) - BLUE).max(-1) < 20).any(1))
    # The fourth of twelve lines of 0.2 inches at 160 dots.
    assert len(coloured) > 0 and coloured[-1] - coloured[0] < 20
    assert 3 * 32 - 10 < coloured.mean() < 4 * 32 + 10
