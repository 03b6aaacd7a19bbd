"""Label fractions: balanced or stratified, nested, the same for ever."""

from __future__ import annotations

import numpy as np
import pytest

from aesthkeras.labelled.fractions import draw_fraction

FRACTIONS = (0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.9, 1.0)
IDS = [f"photo {index}" for index in range(301)]
LABELS = (np.arange(301) % 3 == 0).astype(int)  # 101 positive


@pytest.mark.parametrize("fraction", [0.001, 0.01, 0.1, 0.5])
def test_half_from_each_class(fraction):
    drawn = draw_fraction(IDS, LABELS, fraction, seed=0, draws="balanced")
    assert len(drawn) == max(2, 2 * round(301 * fraction / 2))
    assert LABELS[drawn].mean() == 0.5
    assert sorted(set(drawn)) == list(drawn)


def test_the_rarer_class_gives_all_it_has():
    drawn = draw_fraction(IDS, LABELS, 0.9, seed=0, draws="balanced")
    assert LABELS[drawn].sum() == 101
    assert len(drawn) == 270


@pytest.mark.parametrize(
    ("fraction", "negative", "positive"), [(0.001, 1, 1), (0.1, 20, 10), (0.9, 180, 91), (1, 200, 101)]
)
def test_stratified_is_that_share_of_each_class(fraction, negative, positive):
    drawn = draw_fraction(IDS, LABELS, fraction, seed=0)  # the paper's, and so the default
    assert np.bincount(LABELS[drawn]).tolist() == [negative, positive]
    assert sorted(set(drawn)) == list(drawn)


@pytest.mark.parametrize("draws", ["balanced", "stratified"])
@pytest.mark.parametrize("labels", [LABELS, 1 - LABELS])
def test_nested(labels, draws):
    draws = [set(draw_fraction(IDS, labels, fraction, seed=5, draws=draws)) for fraction in FRACTIONS]
    assert all(small <= large for small, large in zip(draws, draws[1:]))
    assert len(draws[-1]) == 301


def test_drawn_anew_by_seed_and_purpose_and_not_by_order():
    first = draw_fraction(IDS, LABELS, 0.1, seed=0, purpose="0/1")
    assert not np.array_equal(first, draw_fraction(IDS, LABELS, 0.1, seed=1, purpose="0/1"))
    assert not np.array_equal(first, draw_fraction(IDS, LABELS, 0.1, seed=0, purpose="1/1"))
    backwards = draw_fraction(IDS[::-1], LABELS[::-1], 0.1, seed=0, purpose="0/1")
    assert {IDS[index] for index in first} == {IDS[::-1][index] for index in backwards}
