"""What is said of a photo, from probabilities by hand."""

from __future__ import annotations

import numpy as np
import pytest

from aesthkeras.degradations.table import CLASSES
from aesthkeras.scoring.faults import faults_text, likeliest_faults, with_rules

NAMES = [degradation.name for degradation in CLASSES]


def faults(**probabilities: float) -> dict[str, float]:
    given = {name.replace("__", "."): probability for name, probability in probabilities.items()}
    assert set(given) <= set(NAMES)
    return likeliest_faults(NAMES, [given.get(name, 0.0) for name in NAMES])


def test_strengths_of_a_fault_add_up_and_the_unlikely_is_left_out():
    found = faults(gaussian_blur_0__2=0.3, gaussian_blur_0__8=0.3, jpeg_10=0.35, mixup_0__1=0.05)
    assert list(found.items()) == [("blurred", pytest.approx(0.6)), ("over-compressed", pytest.approx(0.35))]
    assert faults_text(found) == "blurred 0.60, over-compressed 0.35"


def test_half_of_all_photos_are_taken_to_be_faultless():
    """In training 1 of 22 is; what is even there is 21 to 1 for `nothing`: 0.1 x 21 = 2.1 beside 0.9."""
    found = faults(gaussian_blur_0__8=0.9, none=0.1)
    assert list(found.items()) == [("nothing", pytest.approx(2.1 / 3)), ("blurred", pytest.approx(0.9 / 3))]
    even = likeliest_faults(NAMES, [1 / 22] * 22)
    assert list(even.items()) == [("nothing", pytest.approx(0.5))]


def test_too_dark_and_too_bright_are_two_faults():
    assert list(faults(exposure_0__5=0.7, exposure_3__0=0.3)) == ["underexposed", "overexposed"]


def test_three_at_most_and_the_likeliest_always():
    even = likeliest_faults(NAMES[1:], [1 / 21] * 21)
    assert list(even) == ["turned"]  # 3/21 by three angles; of other faults there are at most two strengths
    assert len(faults(jpeg_60=0.25, mixup_0__1=0.25, exposure_0__5=0.25, rotation_90=0.25)) == 3
    assert likeliest_faults([f"class {number}" for number in range(20)], [0.05] * 20) == {"class 0": 0.05}


def test_a_scorer_that_does_not_know_says_nothing():
    assert faults_text({}) == ""


def test_rules_say_first_what_is_no_photo_and_last_that_a_file_is_small():
    noise = np.random.default_rng(0).integers(0, 256, (64, 32, 32, 3), np.uint8)
    said = {"blurred": 0.75}
    assert list(with_rules(said, noise, (600, 511)).items()) == [
        ("hardly a photo", 1),
        ("blurred", 0.75),
        ("small", 1),
    ]
    ramp = np.broadcast_to(np.arange(0, 256, 8, np.uint8)[:, np.newaxis, np.newaxis], (64, 32, 32, 3))
    smooth = np.clip(ramp + np.random.default_rng(0).normal(0, 2, ramp.shape), 0, 255).astype(np.uint8)
    assert with_rules({}, smooth, (512, 512)) == {}
