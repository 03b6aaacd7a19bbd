from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.degradations import draw
from aesthkeras.degradations.table import CLASSES, OPERATIONS, ORDERED_PAIRS, operation_named

PATCHES = 6000
NAMES = np.array([degradation.operation for degradation in CLASSES])


def test_operations_are_drawn_evenly_and_without_replacement():
    classes = draw.draw_classes(PATCHES, 3, 2, (1, 2)).numpy()
    assert classes.shape == (PATCHES, 7) and classes.dtype == np.int32
    assert (classes[:, 0] == 0).all()
    operations = NAMES[classes[:, 1:]].reshape(PATCHES, 3, 2)
    assert (operations[..., 0] == operations[..., 1]).all()
    first, second, third = operations[..., 0].T
    assert not ((first == second) | (first == third) | (second == third)).any()
    for place in (first, second, third):
        counts = np.array([(place == operation.name).sum() for operation in OPERATIONS])
        # Four standard deviations of a binomial count with p = 1/10.
        assert np.abs(counts - PATCHES / 10).max() < 4 * np.sqrt(PATCHES * 0.09)


def test_two_parameters_come_milder_first():
    classes = draw.draw_classes(PATCHES, 3, 2, (3, 4)).numpy()
    pairs = classes[:, 1:].reshape(-1, 2)
    assert (pairs[:, 0] < pairs[:, 1]).all()
    ordered = [pair for pair in ORDERED_PAIRS if max(pair) < len(CLASSES)]
    assert {tuple(pair) for pair in pairs} == {*ordered, (5, 6), (5, 7), (6, 7), (14, 15)}
    turns = pairs[NAMES[pairs[:, 0]] == "rotation"]
    shares = [(turns == pair).all(axis=1).mean() for pair in ((5, 6), (5, 7), (6, 7))]
    np.testing.assert_allclose(shares, 1 / 3, atol=4 * np.sqrt(2 / 9 / len(turns)))


def test_one_parameter_is_any_of_them():
    classes = draw.draw_classes(PATCHES, 3, 1, (5, 6)).numpy()
    assert classes.shape == (PATCHES, 4)
    counts = np.bincount(classes[:, 1:].reshape(-1), minlength=22)
    expected = np.array([0] + [0.3 * PATCHES / (3 if name == "rotation" else 2) for name in NAMES[1:]])
    assert counts[0] == 0
    assert (np.abs(counts - expected) <= 4.5 * np.sqrt(expected)).all()


def test_only_the_operations_asked_for():
    chosen = [operation_named("mixup"), operation_named("rotation"), operation_named("jpeg")]
    classes = draw.draw_classes(50, 3, 2, (7, 8), operations=chosen).numpy()
    for row in NAMES[classes[:, 1::2]]:
        assert sorted(row) == ["jpeg", "mixup", "rotation"]


def test_the_seed_says_it_all_inside_a_pipeline_too():
    eager = draw.draw_classes(64, 3, 2, (1, 9)).numpy()
    pipeline = tf.data.Dataset.from_tensors([1, 9]).map(
        lambda seed: draw.draw_classes(tf.constant(64), 3, 2, seed)
    )
    np.testing.assert_array_equal(next(iter(pipeline)).numpy(), eager)
    assert (draw.draw_classes(64, 3, 2, (1, 10)).numpy() != eager).any()
    assert draw.draw_classes(0, 3, 2, (1, 9)).shape == (0, 7)


def test_triplets_are_the_ordered_pairs():
    classes = tf.constant([[0, 1, 2, 5, 6, 20, 21], [0, 14, 15, 3, 4, 6, 7], [0, 2, 1, 2, 3, 8, 9]])
    expected = [[True, False, True], [False, True, False], [False, False, True]]
    np.testing.assert_array_equal(draw.triplet_mask(classes).numpy(), expected)
    assert not draw.triplet_mask(tf.constant([[0, 1, 2, 20]]), 1).numpy().any()
    assert draw.triplet_mask(tf.constant([[0, 1, 2, 20]]), 1).shape == (1, 3)


def test_wrong_numbers():
    with pytest.raises(ValueError, match="operations_per_patch=11: expected 1 to 10"):
        draw.draw_classes(4, 11, 2, (0, 0))
    with pytest.raises(ValueError, match="parameters_per_operation=3: expected 1 to 2"):
        draw.draw_classes(4, 3, 3, (0, 0))
