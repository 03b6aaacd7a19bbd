"""From the rows of an output to an XMP sidecar beside each photo."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from tqdm import tqdm

from aesthkeras.culling.not_photos import HARDLY_A_PHOTO
from aesthkeras.culling.sidecar_rule import SidecarRule
from aesthkeras.culling.sidecars import SidecarError, sidecar_of, write_judgement
from aesthkeras.culling.xmp import Judgement
from aesthkeras.monitoring.progress import counted, say
from aesthkeras.scoring.faults import NOTHING
from aesthkeras.scoring.rows import Row
from aesthkeras.scoring.store import ScoreStore

KEYWORD_PROBABILITY = 0.5  # a less likely fault is no keyword
REJECT, BEST, ANOTHER = "Red", "Green", "Yellow"


def write_sidecars(store: ScoreStore, rule: SidecarRule) -> None:
    """Write stars, label and keywords of every photo that has a score, and say on stderr what was done.

    Where photos share a sidecar, as a raw file and a JPEG may, the first of them counts.
    """
    scores = np.fromiter((score for *_, score in store.scenes()), np.float64)
    if not len(scores):
        return
    bounds = np.percentile(scores, rule.bounds).tolist() if rule.are_shares else rule.bounds
    written, shared, left, why = 0, 0, 0, ""
    seen: set[int] = set()  # of hashes: a million paths would fill more memory
    for row in tqdm(store.rows(), "sidecars", len(scores), unit="photo"):
        if row.score is None:
            continue
        sidecar = sidecar_of(row.path, rule.convention)
        if hash(sidecar) in seen:
            shared += 1
            continue
        seen.add(hash(sidecar))
        try:
            written += write_judgement(sidecar, judgement_of(row, bounds))
        except SidecarError as error:
            left, why = left + 1, why or str(error)
    say(f"{counted(written, 'sidecar')} written")
    if shared:
        say(f"{counted(shared, 'photo')} without a sidecar: it would be that of another photo of the name")
    if left:
        say(f"{counted(left, 'sidecar')} left as found; the first: {why}")


def judgement_of(row: Row, bounds: Sequence[float]) -> Judgement:
    """Return what a sidecar says of a photo that has a score.

    Args:
        row: of the photo.
        bounds: scores from which on it has 2, 3, 4 and 5 stars.
    """
    stars = 1 + bisect_right(bounds, row.score or 0.0)
    wrong = [words for words, share in row.faults.items() if share >= KEYWORD_PROBABILITY]
    faults = tuple(words for words in wrong if words != NOTHING)
    if HARDLY_A_PHOTO in faults:
        return Judgement(stars, REJECT, faults)
    label = (BEST if row.best_of_group else ANOTHER) if row.group else ""
    return Judgement(stars, label, faults)
