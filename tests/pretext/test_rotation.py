"""RotNet's views: four rotations of every patch, and which is which."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from skimage import data

from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.tasks.rotation.task import TASK


@pytest.fixture(scope="module")
def views() -> dict[str, np.ndarray]:
    marked = np.zeros((96, 96, 3), np.uint8)
    marked[:10, :10] = 255  # upper left
    batch = {
        "patches": tf.constant(np.stack([marked, data.chelsea()[50:146, 100:196]])),
        "photo": tf.constant([3, 4], tf.int64),
        "seed": tf.constant([1, 2]),
    }
    made = TASK(recipe=Recipe(crop=96)).views(batch)
    return {name: value.numpy() for name, value in made.items()}


def test_a_corner_goes_round_anticlockwise(views):
    upper, left, lower, right = slice(0, 10), slice(0, 10), slice(86, 96), slice(86, 96)
    corners = [(upper, left), (lower, left), (lower, right), (upper, right)]
    for view, corner in zip(views["views"][0], corners):
        assert (view[corner] == 255).all()
        assert view.sum() == 255 * 10 * 10 * 3
    np.testing.assert_array_equal(views["classes"], [[0, 1, 2, 3]] * 2)
    np.testing.assert_array_equal(views["photo"], [3, 4])


def test_a_real_patch_is_turned_as_pillow_turns_it(views):
    patch = Image.fromarray(data.chelsea()[50:146, 100:196])
    assert views["views"].dtype == np.uint8
    for view, degrees in zip(views["views"][1], (0, 90, 180, 270)):
        np.testing.assert_array_equal(view, np.asarray(patch.rotate(degrees)))


def test_classes_are_named_by_their_degrees():
    assert TASK().class_names == ["0", "90", "180", "270"]
