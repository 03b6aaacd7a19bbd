"""What seems wrong with a photo, in plain words, from the probabilities of the degradation classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aesthkeras.degradations.table import EXTENDED_CLASSES

NOTHING = "nothing"
FAULTS_SHOWN = 3
LEAST_PROBABILITY = 0.1  # what is less likely is left out

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
    "motion_blur": "shaken",
    "defocus": "out of focus",
    "underexposure": "underexposed",
    "overexposure": "overexposed",
    "contrast": "flat",
    "haze": "hazy",
    "saturation": "pale",
}
_WORDS_OF_CLASS = {"none": NOTHING, "exposure_0.5": "underexposed", "exposure_3.0": "overexposed"}

WORDS: Mapping[str, str] = {
    degradation.name: _WORDS_OF_CLASS.get(degradation.name) or _WORDS_OF_OPERATION[str(degradation.operation)]
    for degradation in EXTENDED_CLASSES
}
"""Class name -> what one would say of such a photo; the strengths of one fault share their words."""


def likeliest_faults(class_names: Sequence[str], probabilities: Sequence[float]) -> dict[str, float]:
    """The faults that a photo seems to have, `nothing` among them.

    Args:
        class_names: names of the classes, as the model's `classes.txt` lists them; one that is not in
            `degradations.table` stands for itself.
        probabilities: one per class, sum 1.

    Returns:
        Words -> probability over all strengths of the fault, likeliest first: at most `FAULTS_SHOWN`, each
        at least `LEAST_PROBABILITY` or else the likeliest alone.
    """
    sums: dict[str, float] = {}
    for name, probability in zip(class_names, probabilities):
        words = WORDS.get(name, name)
        sums[words] = sums.get(words, 0.0) + float(probability)
    first, *others = sorted(sums.items(), key=lambda fault: -fault[1])[:FAULTS_SHOWN]
    return dict([first, *(fault for fault in others if fault[1] >= LEAST_PROBABILITY)])


def faults_text(faults: Mapping[str, float]) -> str:
    """`blurred 0.62, noisy 0.21`; empty where the model knows no degradations."""
    return ", ".join(f"{words} {probability:.2f}" for words, probability in faults.items())
