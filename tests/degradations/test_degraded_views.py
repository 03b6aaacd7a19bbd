"""The layer that makes the views of the pretext task."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from aesthkeras import degradations
from aesthkeras.errors import UsageError

SEED = (1, 2)


@pytest.fixture(scope="module")
def patches(photos: np.ndarray) -> np.ndarray:
    return photos[:, 80:144, 90:154]


def operations_of(classes: tf.Tensor) -> set[str]:
    return {degradations.EXTENDED_CLASSES[index].operation for index in np.unique(classes) if index}


def test_seven_views_as_the_paper_draws_them(patches):
    views, classes = degradations.DegradedViews()(patches, SEED)
    assert views.shape == (6, 7, 64, 64, 3) and views.dtype == tf.uint8
    assert classes.shape == (6, 7) and classes.dtype == tf.int32
    np.testing.assert_array_equal(views[:, 0], patches)
    draw_seed, edit_seed = tf.random.experimental.stateless_split(SEED, 2)
    np.testing.assert_array_equal(classes, degradations.draw_classes(6, 3, 2, draw_seed))
    np.testing.assert_array_equal(views, degradations.degrade(patches, classes, edit_seed))


def test_every_argument_reaches_the_views(patches):
    layer = degradations.DegradedViews(2, 1, "extended", "camera_shake", eight_bit=False)
    found = [layer(patches, (5, number)) for number in range(20)]
    assert {(views.dtype, *views.shape[:2]) for views, _ in found} == {(tf.float32, 6, 3)}
    drawn = set.union(*(operations_of(classes) for _, classes in found))
    expected = {*degradations.OPERATIONS, *degradations.FAULTS}
    assert drawn == {each.name for each in expected if each.attribute != "Camera shake"}
    plain = degradations.DegradedViews(10, 2)
    for change, index in (
        ({"jpeg": "dct"}, 2),
        ({"blur_unit": "pixel"}, 16),
        ({"noise_scale": "unit"}, 4),
        ({"quantization": "palette"}, 11),
    ):
        other = degradations.DegradedViews(10, 2, **change)
        (one, classes), (two, _) = plain(patches, SEED), other(patches, SEED)
        differ = (one != two).numpy().any(axis=(2, 3, 4))
        assert differ[classes == index].all()
        operation = degradations.CLASSES[index].operation
        assert operations_of(classes[differ]) == {operation}


@pytest.mark.parametrize("form", ["codec", "dct"])
def test_in_a_pipeline_with_a_seed_for_each_batch(patches, form):
    layer = degradations.DegradedViews(jpeg=form)
    seeds = tf.data.Dataset.from_tensor_slices([[7, 1], [7, 2]])
    pipeline = tf.data.Dataset.zip((tf.data.Dataset.from_tensor_slices(patches).batch(4), seeds)).map(layer)
    views, classes = pipeline.element_spec
    assert views.shape.as_list() == [None, 7, 64, 64, 3] and classes.shape.as_list() == [None, 7]
    for number, (views, classes) in enumerate(pipeline):
        expected = layer(patches[4 * number :][:4], (7, number + 1))
        np.testing.assert_array_equal(classes, expected[1])
        # Sums may be taken in another order; a value between two levels is then rounded otherwise.
        assert np.abs(tf.cast(views, tf.int32) - tf.cast(expected[0], tf.int32)).max() <= 1


def test_seeds_of_the_layer_and_none_at_all(patches):
    seeded = degradations.DegradedViews(seed=3)
    for ours, theirs in zip(seeded(patches), degradations.DegradedViews()(patches, (3, 0))):
        np.testing.assert_array_equal(ours, theirs)
    batches = tf.data.Dataset.from_tensors(patches).repeat(2).map(degradations.DegradedViews())
    first, second = (classes.numpy() for _, classes in batches)
    assert (first != second).any()


def test_a_model_with_it_is_saved_and_loaded(patches, tmp_path):
    arguments = {
        "operations": 2,
        "parameters": 1,
        "edits": "extended",
        "leave_out": "soft",
        "jpeg": "dct",
        "blur_unit": "pixel",
        "noise_scale": "unit",
        "quantization": "palette",
        "eight_bit": False,
        "seed": 4,
        "name": "views",
    }
    given = keras.Input((64, 64, 3), dtype="uint8")
    model = keras.Model(given, degradations.DegradedViews(**arguments)(given))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.get_layer("views").get_config().items() >= arguments.items()
    for ours, theirs in zip(loaded(patches), model(patches)):
        np.testing.assert_array_equal(ours, theirs)


def test_patches_that_are_not_square_where_nothing_is_turned(photos):
    wide = photos[:, :33, :47]
    views, _ = degradations.DegradedViews(leave_out="camera_shake")(wide, SEED)
    assert views.shape == (6, 7, 33, 47, 3)


@pytest.mark.parametrize(
    ("shape", "dtype", "message"),
    [
        ([2, 33, 47, 3], np.uint8, "patches are 33 x 47: expected square ones"),
        ([32, 32, 3], np.uint8, r"patches are uint8 \(32, 32, 3\): expected uint8 \[B, H, W, 3\]"),
        ([2, 32, 32, 3], np.float32, "patches are float32 .*: expected uint8"),
    ],
)
def test_wrong_patches_are_told_in_one_line(shape, dtype, message):
    with pytest.raises(ValueError, match=f"^{message}") as caught:
        degradations.DegradedViews()(np.zeros(shape, dtype), SEED)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"operations": 11}, "operations=11: expected 1 to 10"),
        ({"operations": 10, "leave_out": "soft"}, "operations=10: expected 1 to 7"),
        ({"parameters": 3}, "parameters=3: expected 1 or 2"),
        ({"edits": "all"}, "edits=all: expected table1, extended"),
        ({"leave_out": "hue"}, "leave_out=hue: expected none, noise"),
        ({"jpeg": "webp"}, "jpeg=webp: expected auto, codec, dct"),
        ({"seed": -1}, "seed=-1: expected None or"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(UsageError, match=f"^{message}"):
        degradations.DegradedViews(**arguments)
