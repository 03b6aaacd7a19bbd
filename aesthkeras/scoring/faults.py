"""What seems wrong with a photo, in plain words, from the probabilities of the degradation classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from aesthkeras.culling.not_photos import HARDLY_A_PHOTO, is_hardly_a_photo
from aesthkeras.degradations.table import CLASSES

NOTHING = "nothing"
FAULTLESS = 0.5  # assumed share of photos without any of the faults
FAULTS_SHOWN = 3
LEAST_PROBABILITY = 0.1  # a less likely fault is not shown
SMALL = "small"
SMALL_EDGE = 512  # pixels; a shorter edge below it is blown up or nearly so before the network sees it

_WORDS_OF_OPERATION = {
    "jpeg": "over-compressed",
    "gaussian_noise": "noisy",
    "rotation": "turned",
    "downsampling": "upscaled",
    "quantization": "banded",
    "pixelation": "pixelated",
    "gaussian_blur": "blurred",
    "patch_shuffle": "scrambled",
    "mixup": "double exposed",
}
_WORDS_OF_CLASS = {"none": NOTHING, "exposure_0.5": "underexposed", "exposure_3.0": "overexposed"}

WORDS: Mapping[str, str] = {
    degradation.name: _WORDS_OF_CLASS.get(degradation.name) or _WORDS_OF_OPERATION[str(degradation.operation)]
    for degradation in CLASSES
}
"""Class name -> the words for that fault. All strengths of a fault have the same words."""


def likeliest_faults(class_names: Sequence[str], probabilities: Sequence[float]) -> dict[str, float]:
    """The faults that a photo seems to have; `nothing` is one of them.

    Args:
        class_names: names of the classes, as the model's `classes.txt` lists them. A name that is not in
            `degradations.table` is shown as it is.
        probabilities: one per class, sum 1.

    Returns:
        Words -> probability, summed over the strengths of the fault, likeliest first. The likeliest is always
        there; at most `FAULTS_SHOWN` in all, the others with at least `LEAST_PROBABILITY`. In training `none`
        weighs 1 in C (Eq. 1), and operations share the rest alike; here, by Bayes' rule, a share of
        `FAULTLESS` is assumed to have no fault.
    """
    sums: dict[str, float] = {}
    for name, probability in zip(class_names, probabilities):
        words = WORDS.get(name, name)
        sums[words] = sums.get(words, 0.0) + float(probability)
    sums = _among_photos(sums, len(class_names)) if NOTHING in sums else sums
    first, *others = sorted(sums.items(), key=lambda fault: -fault[1])[:FAULTS_SHOWN]
    return dict([first, *(fault for fault in others if fault[1] >= LEAST_PROBABILITY)])


def with_rules(faults: Mapping[str, float], squares: np.ndarray, size: tuple[int, int]) -> dict[str, float]:
    """Add what rules say, with a probability of 1: `hardly a photo` first, `small` last.

    Args:
        faults: of `likeliest_faults`; empty for a scorer that knows no degradations.
        squares: of the photo, as `glimpses.spread_squares` cuts them.
        size: height and width in pixels.
    """
    first = {HARDLY_A_PHOTO: 1.0} if is_hardly_a_photo(squares) else {}
    last = {SMALL: 1.0} if min(size) < SMALL_EDGE else {}
    return {**first, **faults, **last}


def _among_photos(sums: Mapping[str, float], classes: int) -> dict[str, float]:
    """Bayes' rule: the prior of `nothing` becomes `FAULTLESS`, instead of the 1 in C of training."""
    odds = {
        words: probability * (FAULTLESS if words == NOTHING else (1 - FAULTLESS) / (classes - 1))
        for words, probability in sums.items()
    }
    whole = sum(odds.values())
    return {words: value / whole for words, value in odds.items()} if whole else dict(sums)


def faults_text(faults: Mapping[str, float]) -> str:
    """`blurred 0.62, noisy 0.21`; empty where the model knows no degradations."""
    return ", ".join(f"{words} {probability:.2f}" for words, probability in faults.items())
