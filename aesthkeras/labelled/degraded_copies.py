"""Degraded copies of rated photos, which a scorer learns to rank below the photo itself.

Nobody has rated them, so only the order is learned (`targets.ranking_losses`). The paper has no such thing.
They are those of Table 1 but rotation, and oversharpening, enlarging and bars.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from aesthkeras.degradations.batch import degrade
from aesthkeras.degradations.table import COPY_CLASSES

# All edits but rotation: a rotated photo is no worse. The partner of mixup is any photo of the
# batch; it may be a test photo, but its label is not used.
DEGRADING = tuple(edit.index for edit in COPY_CLASSES if edit.operation not in (None, "rotation"))


def draw_copies(photos: int, copies: int, seed: int) -> np.ndarray:
    """Draws edits, no two alike for a photo: int32 `[photos, copies]`, indices into `COPY_CLASSES`."""
    chance = np.random.default_rng([seed, len(DEGRADING)])
    drawn = chance.permuted(np.tile(np.array(DEGRADING, np.int32), (photos, 1)), axis=1)
    return drawn[:, :copies]


@tf.function(reduce_retracing=True, autograph=False)
def degraded_copies(crops: tf.Tensor, classes: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Copies of crops as pre-training makes its views: uint8 `[N, S, S, 3]` -> `[N, copies, S, S, 3]`.

    Args:
        crops: uint8 `[N, S, S, 3]`.
        classes: int32 `[N, copies]`, indices into `COPY_CLASSES`.
        seed: int32 `[2]`.
    """
    return degrade(crops, classes, seed, vocabulary=COPY_CLASSES)
