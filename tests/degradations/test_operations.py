"""What all classes promise alike: visible, the same in every mode, at any size, in any policy."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from skimage.metrics import structural_similarity

from aesthkeras.degradations import batch
from aesthkeras.degradations.table import EXTENDED_CLASSES, ORDERED_PAIRS, DegradationSettings

SETTINGS = DegradationSettings(jpeg="codec")
NAMES = [degradation.name for degradation in EXTENDED_CLASSES]
each_class = pytest.mark.parametrize("degradation", EXTENDED_CLASSES, ids=NAMES)


@pytest.fixture(scope="module", params=[227, 131])
def views(photos: np.ndarray, request: pytest.FixtureRequest) -> np.ndarray:
    """Every class of every photo at the paper's size and a laptop's, float64 [6, 36, edge, edge, 3]."""
    start = (227 - request.param) // 2
    cut = photos[:, start:, start:][:, : request.param, : request.param]
    classes = np.tile(np.arange(len(EXTENDED_CLASSES), dtype=np.int32), [len(photos), 1])
    return batch.degrade(cut, classes, (1, 2), SETTINGS, EXTENDED_CLASSES).numpy().astype(np.float64)


def departures(views: np.ndarray, index: int) -> np.ndarray:
    """Mean squared difference to the original, by photo."""
    return ((views[:, index] - views[:, 0]) ** 2).mean(axis=(1, 2, 3))


@pytest.mark.parametrize("degradation", EXTENDED_CLASSES[1:], ids=NAMES[1:])
def test_every_class_visibly_changes_every_photo(views, degradation):
    # 48 dB: on average a value is a level away. The finest are 64 levels and a mild blur of a smooth photo.
    ratios = 10 * np.log10(255**2 / departures(views, degradation.index))
    assert ratios.max() < 48


@pytest.mark.parametrize("pair", ORDERED_PAIRS, ids=lambda pair: NAMES[pair[1]])
def test_the_second_of_a_pair_departs_further(views, pair):
    milder, stronger = (departures(views, index) for index in pair)
    assert (stronger > 1.2 * milder).all()
    for own in views:
        similarity = [
            structural_similarity(own[0], own[index], channel_axis=-1, data_range=255) for index in pair
        ]
        assert similarity[1] < similarity[0]


def modes(patches: np.ndarray, degradation) -> list[np.ndarray]:
    """The class eagerly, in a graph and in a pipeline, both of unknown batch size."""

    def run(batch_of_patches):
        return batch.edit(batch_of_patches, degradation, (3, 4), SETTINGS)

    signature = [tf.TensorSpec([None, *patches.shape[1:]], tf.uint8)]
    graph = tf.function(run, input_signature=signature)
    pipeline = tf.data.Dataset.from_tensor_slices(patches).batch(max(1, len(patches))).map(run)
    piped = list(pipeline.as_numpy_iterator()) or [np.zeros(patches.shape, np.uint8)]
    return [run(tf.constant(patches)).numpy(), graph(patches).numpy(), piped[0]]


@each_class
@pytest.mark.parametrize("edges", [(32, 32), (33, 47), (131, 131)], ids=str)
def test_the_same_in_every_mode_at_odd_sizes(photos, degradation, edges):
    if degradation.operation == "rotation" and edges[0] != edges[1]:
        pytest.skip("a quarter turn needs a square; half turns of others: test_rotation.py")
    patches = photos[:3, 70 : 70 + edges[0], 70 : 70 + edges[1]]
    eager, graph, piped = modes(patches, degradation)
    assert eager.shape == patches.shape
    assert eager.min() >= 0 and eager.max() < 255.01
    # A sum may be taken in another order.
    np.testing.assert_allclose(graph, eager, atol=1e-3)
    np.testing.assert_allclose(piped, eager, atol=1e-3)
    if degradation.index:
        assert (eager.round() != patches).mean() > 0.03


@each_class
def test_no_images_at_all(photos, degradation):
    eager, graph, _ = modes(photos[:0, :64, :64], degradation)
    assert eager.shape == graph.shape == (0, 64, 64, 3)


@each_class
def test_mixed_precision_changes_nothing(photos, degradation):
    patches = photos[:2, 60:124, 60:124]
    plain = modes(patches, degradation)[:2]
    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        mixed = modes(patches, degradation)[:2]
    finally:
        keras.mixed_precision.set_global_policy(before)
    for one, other in zip(plain, mixed):
        assert one.dtype == other.dtype and one.dtype in (np.float32, np.uint8)
        np.testing.assert_array_equal(one, other)


@each_class
def test_no_python_and_no_state_in_the_graph(degradation):
    def run(patches):
        return batch.edit(patches, degradation, (3, 4), SETTINGS)

    graph = tf.function(run).get_concrete_function(tf.TensorSpec([None, 64, 64, 3], tf.uint8)).graph
    kinds = {node.type for node in graph.get_operations()}
    kinds |= {node.op for function in graph.as_graph_def().library.function for node in function.node_def}
    stateful = {"RandomUniform", "RandomStandardNormal", "PyFunc", "EagerPyFunc", "VarHandleOp"}
    assert not kinds & stateful
    assert not {kind for kind in kinds if kind.startswith("IO>")}
