"""Degraded copies of rated photos: what a scorer is taught to put below the photo itself.

Nobody has rated them, so only the order is learned (`targets.ranking_losses`). An extension of ours.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from aesthkeras.degradations.batch import degrade
from aesthkeras.degradations.table import CLASSES

# A turned photo is no worse a photo. Mixup's partner is any photo of the batch, be it one that tests.
SPOILT_BY = tuple(edit.index for edit in CLASSES if edit.operation not in (None, "rotation"))


def draw_copies(photos: int, copies: int, seed: int) -> np.ndarray:
    """Which edit of Table 1 makes each copy: int32 `[photos, copies]`, different ones for one photo."""
    chance = np.random.default_rng([seed, len(SPOILT_BY)])
    drawn = chance.permuted(np.tile(np.array(SPOILT_BY, np.int32), (photos, 1)), axis=1)
    return drawn[:, :copies]


@tf.function(reduce_retracing=True)
def degraded_copies(crops: tf.Tensor, classes: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Copies of crops as pre-training makes its views: uint8 `[N, S, S, 3]` -> `[N, copies, S, S, 3]`.

    Args:
        crops: uint8 `[N, S, S, 3]`.
        classes: int32 `[N, copies]`, indices into `CLASSES`.
        seed: int32 `[2]`.
    """
    return degrade(crops, classes, seed)
