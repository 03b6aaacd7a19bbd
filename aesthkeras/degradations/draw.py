"""Which edits of Table 1 are drawn for each patch of a batch (paper, "Implementation details")."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from aesthkeras.degradations.table import (
    EXTENDED_CLASSES,
    OPERATIONS,
    ORDERED_PAIRS,
    Operation,
    classes_of,
)
from aesthkeras.errors import UsageError


def _class_table(operations: Sequence[Operation]) -> np.ndarray:
    """`[operations, most parameters]` class indices, -1 where an operation has fewer parameters."""
    rows = [[degradation.index for degradation in classes_of(operation.name)] for operation in operations]
    most = max(len(row) for row in rows)
    return np.array([row + [-1] * (most - len(row)) for row in rows], np.int32)


def draw_classes(
    batch_size: int | tf.Tensor,
    operations_per_patch: int,
    parameters_per_operation: int,
    seed: tf.Tensor,
    operations: Sequence[Operation] = OPERATIONS,
) -> tf.Tensor:
    """Draw operations without replacement for every patch, and parameters of each without replacement.

    Args:
        batch_size: B, a number or a scalar tensor.
        operations_per_patch: O, from 1 to the number of operations (the paper's 3).
        parameters_per_operation: P, 1 or 2 (Eq. 3 needs 2).
        seed: int32 `[2]`.
        operations: those to draw from, the ten of Table 1 by default.

    Returns:
        int32 `[B, 1 + O x P]` class indices. Column 0 is class None. Then come the P parameters of the first
        drawn operation in the order of Table 1 (milder first), then those of the second, and so on.

    Raises:
        UsageError: O or P out of range.
    """
    if not 1 <= operations_per_patch <= len(operations):
        raise UsageError(f"operations_per_patch={operations_per_patch}: expected 1 to {len(operations)}")
    fewest = min(len(operation.parameters) for operation in operations)
    if not 1 <= parameters_per_operation <= fewest:
        raise UsageError(f"parameters_per_operation={parameters_per_operation}: expected 1 to {fewest}")
    table = _class_table(operations)
    seeds = tf.random.experimental.stateless_split(seed, 2)
    keys = tf.random.stateless_uniform([batch_size, len(operations)], seeds[0])
    _, chosen = tf.math.top_k(keys, operations_per_patch)
    candidates = tf.gather(tf.constant(table), chosen)
    keys = tf.random.stateless_uniform(tf.shape(candidates), seeds[1])
    # Below every drawn key, so that a parameter that does not exist is never chosen.
    keys = tf.where(candidates < 0, -1.0, keys)
    _, places = tf.math.top_k(keys, parameters_per_operation)
    edits = tf.sort(tf.gather(candidates, places, batch_dims=2), axis=-1)
    edits = tf.reshape(edits, [batch_size, operations_per_patch * parameters_per_operation])
    return tf.concat([tf.zeros([batch_size, 1], tf.int32), edits], axis=1)


def triplet_mask(classes: tf.Tensor, parameters_per_operation: int = 2) -> tf.Tensor:
    """Tell which operations of each patch form a triplet (p, milder, stronger) of Eq. 2.

    Args:
        classes: int32 `[B, 1 + O x P]` from `draw_classes`.
        parameters_per_operation: P as it was drawn.

    Returns:
        bool `[B, O]`: True where views `1 + P o` and `2 + P o` are the milder and the stronger parameter of
        an ordered operation; False throughout if P is 1.
    """
    drawn = int(classes.shape[1]) - 1
    pairs = tf.reshape(classes[:, 1:], [-1, drawn // parameters_per_operation, parameters_per_operation])
    if parameters_per_operation < 2:
        return tf.zeros_like(pairs[:, :, 0], tf.bool)
    ordered = np.zeros((len(EXTENDED_CLASSES), len(EXTENDED_CLASSES)), bool)
    for milder, stronger in ORDERED_PAIRS:
        ordered[milder, stronger] = True
    # As numbers: a GPU has no kernel that gathers bool.
    return tf.gather_nd(tf.constant(ordered.astype(np.float32)), pairs[:, :, :2]) > 0
