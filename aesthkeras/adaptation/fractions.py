"""Which training photos keep their labels: class-balanced draws, each within the next larger one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aesthkeras.datasets.splits import chance


def draw_fraction(
    ids: Sequence[str], labels: np.ndarray, fraction: float, seed: int, purpose: str = ""
) -> np.ndarray:
    """A share of the training photos, half of it from each class.

    The paper takes the share of each class, which keeps the commoner class the commoner; balanced, a small
    share differs from a large one in its size alone.

    The number of photos is the nearest even one, at least two. Where the rarer class has too few, it gives
    all it has and the other one fills up. Draws of one seed and purpose are nested: a photo that has its
    label at 1% has it at 5% too. A photo's chance hangs on nothing but seed, purpose and its id.

    Args:
        ids: of the training photos.
        labels: int `[photos]`, 0 and 1.
        fraction: above 0, up to 1; 1 is all photos, balanced or not.
        seed: decides the draw.
        purpose: independent draws of one seed, such as folds, go by different names.

    Returns:
        Indices into `ids`, int64, ascending.
    """
    count = len(ids)
    if fraction >= 1:
        return np.arange(count)
    wanted = min(count, max(2, 2 * round(count * fraction / 2)))
    chances = np.array([chance(seed, f"label fraction {purpose}", identity) for identity in ids])
    classes = [np.flatnonzero(labels == label) for label in (0, 1)]
    classes = [members[np.argsort(chances[members], kind="stable")] for members in classes]
    rare, common = sorted(classes, key=len)
    from_rare = min(len(rare), wanted // 2)
    drawn = np.concatenate([rare[:from_rare], common[: wanted - from_rare]])
    return np.sort(drawn)
