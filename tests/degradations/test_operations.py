"""What all classes promise alike: they are visible, and the stronger of a pair is the more so."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from aesthkeras.degradations import EXTENDED_CLASSES, ORDERED_PAIRS, DegradationSettings, degrade

SETTINGS = DegradationSettings(jpeg="codec")
NAMES = [degradation.name for degradation in EXTENDED_CLASSES]


@pytest.fixture(scope="module", params=[227, 131])
def views(photos: np.ndarray, request: pytest.FixtureRequest) -> np.ndarray:
    """Every class of every photo at the paper's size and a laptop's, float64 [6, 36, edge, edge, 3]."""
    start = (227 - request.param) // 2
    cut = photos[:, start:, start:][:, : request.param, : request.param]
    classes = np.tile(np.arange(len(EXTENDED_CLASSES), dtype=np.int32), [len(photos), 1])
    return degrade(cut, classes, (1, 2), SETTINGS, EXTENDED_CLASSES).numpy().astype(np.float64)


def departures(views: np.ndarray, index: int) -> np.ndarray:
    """Mean squared difference to the original, by photo."""
    return ((views[:, index] - views[:, 0]) ** 2).mean(axis=(1, 2, 3))


@pytest.mark.parametrize("degradation", EXTENDED_CLASSES[1:], ids=NAMES[1:])
def test_every_class_visibly_changes_every_photo(views, degradation):
    # 48 dB: on average a value is a level away. The finest are 64 levels and a mild blur of a smooth photo.
    ratios = 10 * np.log10(255**2 / departures(views, degradation.index))
    assert ratios.max() < 48


@pytest.mark.parametrize("pair", ORDERED_PAIRS, ids=lambda pair: NAMES[pair[1]])
def test_the_second_of_a_pair_departs_further(views, pair):
    milder, stronger = (departures(views, index) for index in pair)
    assert (stronger > 1.2 * milder).all()
    for own in views:
        similarity = [
            structural_similarity(own[0], own[index], channel_axis=-1, data_range=255) for index in pair
        ]
        assert similarity[1] < similarity[0]
