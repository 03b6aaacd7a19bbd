"""Label fractions: which training photos keep their labels. Smaller draws are subsets of larger ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aesthkeras.datasets.splits import chance


def draw_fraction(
    ids: Sequence[str],
    labels: np.ndarray,
    fraction: float,
    seed: int,
    purpose: str = "",
    draws: str = "stratified",
) -> np.ndarray:
    """Draws a share of the training photos, some of each class.

    A stratified draw takes that share of each class, at least one photo, as the paper does ("5% ~ 50% of the
    original training data per class"). Draws of different sizes then differ in nothing but their size.

    A balanced draw takes half of its photos from each class. Their number is rounded to an even one, at least
    two. If the rarer class has too few photos, all of them are taken and the other class fills the rest. As
    long as it has enough, a probe trained on the draw takes both classes to be equally common.

    Draws of one seed and purpose are nested: a photo that has its label at 1% also has it at 5%. Whether a
    photo is drawn early depends on seed, purpose and its id alone.

    Args:
        ids: of the training photos.
        labels: int `[photos]`, 0 and 1.
        fraction: above 0, up to 1; 1 is all photos, whatever `draws` is.
        seed: decides the draw.
        purpose: a name that makes several draws with one seed independent, such as one for each fold.
        draws: `stratified` or `balanced`.

    Returns:
        Indices into `ids`, int64, ascending.
    """
    count = len(ids)
    if fraction >= 1:
        return np.arange(count)
    chances = np.array([chance(seed, f"label fraction {purpose}", identity) for identity in ids])
    classes = [np.flatnonzero(labels == label) for label in (0, 1)]
    classes = [members[np.argsort(chances[members], kind="stable")] for members in classes]
    if draws == "stratified":
        kept = [members[: max(1, round(len(members) * fraction))] for members in classes]
        return np.sort(np.concatenate(kept))
    wanted = min(count, max(2, 2 * round(count * fraction / 2)))
    rare, common = sorted(classes, key=len)
    from_rare = min(len(rare), wanted // 2)
    drawn = np.concatenate([rare[:from_rare], common[: wanted - from_rare]])
    return np.sort(drawn)
