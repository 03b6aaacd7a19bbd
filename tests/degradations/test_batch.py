from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.degradations import (
    CLASSES,
    DegradationSettings,
    JPEGCompression,
    Mixup,
    Quantization,
    degrade,
    layer_of,
)
from aesthkeras.degradations.layer import to_eight_bit
from tests.gpu_kernels import nodes_of, without_gpu_kernel

FRACTIONAL = DegradationSettings(eight_bit=False)
RANDOM = ("gaussian_noise", "patch_shuffle", "mixup")


def every_class(count: int) -> np.ndarray:
    return np.tile(np.arange(len(CLASSES), dtype=np.int32), [count, 1])


def test_each_view_is_its_class_applied_to_its_patch(photos):
    rng = np.random.default_rng(1)
    classes = rng.integers(0, len(CLASSES), [6, 9]).astype(np.int32)
    views = degrade(photos, classes, (1, 2)).numpy()
    assert views.shape == (6, 9, 227, 227, 3) and views.dtype == np.uint8
    for owner, column in np.ndindex(*classes.shape):
        degradation = CLASSES[classes[owner, column]]
        if degradation.operation in RANDOM:
            continue
        alone = layer_of(degradation)(photos[owner]) if degradation.index else photos[owner]
        np.testing.assert_array_equal(views[owner, column], alone, degradation.name)


def test_class_none_and_the_order_of_the_classes(photos):
    views = degrade(photos, every_class(6), (1, 2)).numpy()
    np.testing.assert_array_equal(views[:, 0], photos)
    shuffled = np.random.default_rng(2).permuted(every_class(6), axis=1)
    again = degrade(photos, shuffled, (1, 2)).numpy()
    for owner in range(6):
        # Noise and shuffle depend on the place in the sub-batch, which is the same here.
        np.testing.assert_array_equal(again[owner], views[owner, shuffled[owner]])


def test_mixup_takes_one_other_patch_for_both_alphas(photos):
    views = degrade(photos, every_class(6), (3, 4), FRACTIONAL).numpy()
    own = photos.astype(np.float64)
    partner = (views[:, 21] - 0.6 * own) / 0.4
    same = np.abs(partner[:, None] - own[None]).max(axis=(2, 3, 4)) < 0.01
    np.testing.assert_array_equal(same.sum(axis=1), 1)
    assert not same.diagonal().any()
    np.testing.assert_allclose(views[:, 20], 0.9 * own + 0.1 * own[same.argmax(axis=1)], atol=1e-3)


def test_random_classes_have_seeds_of_their_own(photos):
    gray = np.full_like(photos, 128)
    views = degrade(gray, every_class(6), (5, 6), FRACTIONAL).numpy() - 128
    milder, stronger = views[:, 3].reshape(-1), views[:, 4].reshape(-1)
    assert abs(np.corrcoef(milder, stronger)[0, 1]) < 0.01


def test_the_seed_says_it_all(photos):
    first = degrade(photos, every_class(6), (7, 8)).numpy()
    np.testing.assert_array_equal(first, degrade(photos, every_class(6), (7, 8)).numpy())
    other = degrade(photos, every_class(6), (7, 9)).numpy()
    for degradation in CLASSES:
        changed = (first[:, degradation.index] != other[:, degradation.index]).any()
        assert changed == (degradation.operation in RANDOM), degradation.name


def test_eight_bits_are_the_fractional_views_rounded_half_up(photos):
    fractional = degrade(photos, every_class(6), (9, 9), FRACTIONAL).numpy()
    assert fractional.dtype == np.float32
    assert fractional.min() >= 0 and fractional.max() <= 255.001
    rounded = degrade(photos, every_class(6), (9, 9)).numpy()
    np.testing.assert_array_equal(rounded, np.floor(fractional + np.float32(0.5)).astype(np.uint8))
    np.testing.assert_array_equal(
        to_eight_bit(tf.constant([0.0, 0.49, 0.5, 254.5, 255.0])), [0, 0, 1, 255, 255]
    )


def test_settings_reach_the_operations(photos):
    settings = DegradationSettings("dct", "pixel", "unit", "palette")
    views = degrade(photos, every_class(6), (1, 1), settings).numpy()
    np.testing.assert_array_equal(views[:, 1], JPEGCompression(60, form="dct")(photos))
    np.testing.assert_array_equal(views[:, 11], Quantization(8, form="palette")(photos))
    assert (views[:, 16] == photos).mean() > 0.99, "0.2 px vanish in the rounding"
    middle = (photos > 120) & (photos < 136)
    clipped = np.isin(views[:, 4][middle], (0, 255)).mean()
    # Of N(128, 0.894 x 255), 57.5 % lie beyond black and white.
    assert clipped == pytest.approx(0.575, abs=0.02)


def test_the_form_for_a_gpu_gives_the_same_views(photos):
    """Images move as float32 there; only JPEG is another computation, held to libjpeg in test_jpeg.py."""
    for eight_bit in (True, False):
        views = [
            degrade(photos, every_class(6), (2, 2), DegradationSettings(jpeg=form, eight_bit=eight_bit))
            for form in ("codec", "dct")
        ]
        assert views[0].dtype == views[1].dtype
        others = [index for index, degradation in enumerate(CLASSES) if degradation.operation != "jpeg"]
        np.testing.assert_array_equal(views[0].numpy()[:, others], views[1].numpy()[:, others])


@pytest.mark.skipif(not tf.test.is_built_with_cuda(), reason="this TensorFlow knows no GPU kernels")
@pytest.mark.parametrize("quantization", ["levels", pytest.param("palette", marks=pytest.mark.long)])
def test_every_operation_of_that_form_has_a_gpu_kernel(quantization):
    def run(patches, classes, seed):
        return degrade(patches, classes, seed, DegradationSettings(jpeg="dct", quantization=quantization))

    patches = tf.TensorSpec([None, 227, 227, 3], tf.uint8)
    classes, seed = tf.TensorSpec([None, 7], tf.int32), tf.TensorSpec([2], tf.int32)
    assert not without_gpu_kernel(nodes_of(tf.function(run).get_concrete_function(patches, classes, seed)))


def test_inside_a_pipeline_with_an_unknown_batch_size(photos):
    classes = np.random.default_rng(3).integers(0, len(CLASSES), [6, 5]).astype(np.int32)
    eager = degrade(photos[:4], classes[:4], (2, 3)).numpy()
    pipeline = tf.data.Dataset.from_tensor_slices((photos, classes)).batch(4)
    pipeline = pipeline.map(lambda patches, drawn: degrade(patches, drawn, (2, 3)))
    assert pipeline.element_spec.shape.as_list() == [None, 5, 227, 227, 3]
    batches = list(pipeline.as_numpy_iterator())
    assert [len(views) for views in batches] == [4, 2]
    assert np.abs(batches[0].astype(int) - eager).max() <= 1
    assert (batches[0] != eager).mean() < 1e-4


def test_a_batch_of_one_and_of_none(photos):
    views = degrade(photos[:1], every_class(1), (4, 5)).numpy()
    np.testing.assert_array_equal(views[:, 21], Mixup(0.4)(photos[:1]))
    assert degrade(photos[:0], every_class(0), (4, 5)).shape == (0, 22, 227, 227, 3)


@pytest.mark.parametrize("classes", [np.zeros([6, 1], np.int64), np.zeros(6, np.int32)])
def test_classes_of_another_type_or_shape(photos, classes):
    with pytest.raises(ValueError, match="^classes are int.*: expected int32"):
        degrade(photos, classes, (0, 0))


def test_a_class_that_does_not_exist(photos):
    with pytest.raises(tf.errors.InvalidArgumentError, match="22"):
        degrade(photos, np.full([6, 1], 22, np.int32), (0, 0))


@pytest.mark.parametrize("patches", [np.zeros([6, 32, 32, 3], np.float32), np.zeros([32, 32, 3], np.uint8)])
def test_patches_of_another_type_or_shape(patches):
    with pytest.raises(
        ValueError, match=r"^patches are .*: expected uint8 \[B, H, W, 3\] with known H and W"
    ):
        degrade(patches, np.zeros([6, 1], np.int32), (0, 0))


def test_patches_that_are_not_square_stand_every_class_but_quarter_turns(photos):
    wide = photos[:, :100]
    upright = [item.index for item in CLASSES if item.name not in ("rotation_90", "rotation_270")]
    views = degrade(wide, np.tile(np.array(upright, np.int32), [6, 1]), (1, 2)).numpy()
    assert views.shape == (6, 20, 100, 227, 3)
    np.testing.assert_array_equal(views[:, upright.index(6)], wide[:, ::-1, ::-1])
    for turn in (5, 7):
        with pytest.raises(tf.errors.InvalidArgumentError, match="needs square patches, not 100 x 227"):
            degrade(wide, np.full([6, 1], turn, np.int32), (1, 2))
        with pytest.raises(tf.errors.InvalidArgumentError, match="needs square patches, not 100 x 227"):
            tf.function(degrade)(wide, np.full([6, 1], turn, np.int32), (1, 2))


def test_class_none_has_no_layer():
    with pytest.raises(ValueError, match="degradation is class none"):
        layer_of(CLASSES[0])
