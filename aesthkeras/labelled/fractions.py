"""Which training photos keep their labels: draws by class, each within the next larger one."""

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
    draws: str = "balanced",
) -> np.ndarray:
    """A share of the training photos, of both classes.

    Balanced, half of it is from each class: the number of photos is the nearest even one, at least two, and
    where the rarer class has too few, it gives all it has and the other one fills up. Stratified, it is that
    share of each class, at least one photo, as the paper has it. Where one class is much rarer, only
    stratified shares differ in their size alone: a probe of balanced ones takes it to be as common.

    Draws of one seed and purpose are nested: a photo that has its label at 1% has it at 5% too. A photo's
    chance hangs on nothing but seed, purpose and its id.

    Args:
        ids: of the training photos.
        labels: int `[photos]`, 0 and 1.
        fraction: above 0, up to 1; 1 is all photos, balanced or not.
        seed: decides the draw.
        purpose: independent draws of one seed, such as folds, go by different names.
        draws: `balanced` or `stratified`.

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
