"""What is of one scene, on hashes set by hand and on bursts made from real photos."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from aesthkeras.culling.bursts import BURST_BITS, BURST_SECONDS, best_of, scenes
from aesthkeras.culling.perceptual import NEAR_BITS, THUMBNAIL, perceptual_hashes

BASE = 0xF0F0_F0F0_0F0F_0F0F


def flipped(bits: int) -> int:
    return BASE ^ (2**bits - 1)


def grouped(hashes, seconds=None, cameras=None) -> list[set[int]]:
    """The scenes of two photos or more."""
    count = len(hashes)
    found = scenes(
        np.array(hashes, np.uint64),
        np.full(count, math.nan) if seconds is None else np.array(seconds, np.float64),
        np.zeros(count, int) if cameras is None else np.array(cameras),
    )
    groups = (set(np.flatnonzero(found == number).tolist()) for number in sorted(set(found.tolist())))
    return [group for group in groups if len(group) > 1]


def test_near_duplicates_are_one_scene_whenever_they_were_taken():
    assert grouped([BASE, flipped(NEAR_BITS), flipped(NEAR_BITS + 20), BASE]) == [{0, 1, 3}]


@pytest.mark.parametrize(
    ("bits", "seconds", "camera", "is_one"),
    [
        (BURST_BITS, BURST_SECONDS, 1, True),
        (BURST_BITS + 1, 0.0, 1, False),
        (BURST_BITS, BURST_SECONDS + 0.1, 1, False),
        (BURST_BITS, 0.0, 2, False),
        (BURST_BITS, math.nan, 1, False),
    ],
)
def test_a_burst_is_one_camera_a_few_seconds_and_fairly_alike(bits, seconds, camera, is_one):
    far = ~BASE & (2**64 - 1)
    found = grouped([BASE, far, flipped(bits)], [100.0, 101.0, 100.0 + seconds], [1, 1, camera])
    assert found == ([{0, 2}] if is_one else [])


def test_a_burst_chains_and_photos_between_its_own_do_not_part_it():
    far = ~BASE & (2**64 - 1)
    steps = [BASE, flipped(15), flipped(30)]
    assert grouped([steps[2], far, steps[0], steps[1]], [18.0, 5.0, 0.0, 9.0]) == [{0, 2, 3}]


def test_photos_of_one_colour_are_no_scene():
    assert grouped([0, 0, 1], [0.0, 0.0, 0.0]) == []


def test_the_best_has_the_highest_score_and_of_equals_it_is_the_first():
    best = best_of(np.array([4, 1, 4, 1, 2]), np.array([0.5, 0.25, 0.75, 0.25, 0.1]))
    assert best.tolist() == [2, 1, 2, 1, 4]


def test_no_photo_has_no_scene():
    assert grouped([]) == []


def shots(photo: Image.Image) -> list[Image.Image]:
    """Three of a burst: the frame moves by a fiftieth of its edges, turns by a degree, and gets lighter."""
    width, height = photo.size
    box = np.array([width, height] * 2) * [0.1, 0.1, 0.9, 0.9]
    moved = box + np.array([width, height] * 2) * 0.02
    lit = ImageEnhance.Brightness(photo).enhance(1.2)
    turned = photo.rotate(1, Image.Resampling.BICUBIC)
    frames = ((photo, box), (lit, moved), (turned, box))
    return [shot.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX, box=tuple(at)) for shot, at in frames]


def test_bursts_made_from_real_photos_are_found_and_nothing_else(sample):
    names = ("astronaut", "coffee", "rocket", "china", "flower", "hubble", "retina")
    made = [shot for name in names for shot in shots(sample(name))]
    hashes = perceptual_hashes(np.stack([np.asarray(shot) for shot in made]))
    seconds = np.arange(len(made)) * 0.3  # all within a few seconds of each other
    assert grouped(hashes, seconds) == [{place, place + 1, place + 2} for place in range(0, len(made), 3)]
