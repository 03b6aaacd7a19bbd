"""What all layers promise alike: eagerly, in graphs, pipelines and models; uint8 and floats; any size."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from aesthkeras import degradations
from aesthkeras.errors import UsageError

SEED = (3, 4)
CASES = [
    (degradations.JPEGCompression, {"quality": 60, "form": "codec"}),
    (degradations.JPEGCompression, {"quality": 10, "form": "dct"}),
    (degradations.GaussianNoise, {"variance": 0.2, "scale": "standardised"}),
    (degradations.Rotation, {"degrees": 90}),
    (degradations.Rotation, {"degrees": 180}),
    (degradations.Rotation, {"degrees": 270}),
    (degradations.Downsampling, {"factor": 4}),
    (degradations.Quantization, {"levels": 8}),
    (degradations.Quantization, {"levels": 6, "form": "palette"}),
    (degradations.Pixelation, {"block": 8}),
    (degradations.Exposure, {"factor": 3.0}),
    (degradations.GaussianBlur, {"sigma": 0.8, "unit": "pixel"}),
    (degradations.PatchShuffle, {"share": 0.5}),
    (degradations.Mixup, {"alpha": 0.4}),
    (degradations.MotionBlur, {"length": 4.8}),
    (degradations.Contrast, {"factor": 0.3}),
    (degradations.Haze, {"density": 0.6}),
    (degradations.Saturation, {"factor": 0.1}),
    (degradations.Sharpening, {"amount": 3.0}),
    (degradations.Bars, {"share": 0.16}),
]
IDS = [f"{layer.__name__}-{next(iter(arguments.values()))}" for layer, arguments in CASES]
every_layer = pytest.mark.parametrize(("layer_class", "arguments"), CASES, ids=IDS)


def turned(layer: degradations.Degradation, edges: tuple[int, int]) -> tuple[int, int]:
    quarter = isinstance(layer, degradations.Rotation) and layer.degrees != 180
    return edges[::-1] if quarter else edges


def in_model(layer: degradations.Degradation, edges: tuple[int, int], dtype: str) -> keras.Model:
    photos = keras.Input((*edges, 3), dtype=dtype)
    return keras.Model(photos, layer(photos))


def test_every_operation_has_a_layer_and_every_layer_is_tested():
    tested = {layer for layer, _ in CASES}
    assert set(degradations.LAYERS.values()) == tested
    operations = {
        operation.name
        for operation in (*degradations.OPERATIONS, *degradations.FAULTS, *degradations.DAMAGES)
    }
    assert set(degradations.LAYERS) == operations


@every_layer
@pytest.mark.parametrize(
    ("dtype", "edges"),
    [
        ("uint8", (33, 47)),
        ("float32", (67, 40)),
        pytest.param("uint8", (32, 32), marks=pytest.mark.long),
    ],
)
def test_the_same_pixels_in_every_mode(photos, layer_class, arguments, edges, dtype):
    layer = layer_class(**arguments, seed=5)
    given = photos[:3, 70 : 70 + edges[0], 80 : 80 + edges[1]].astype(dtype)
    eager = layer(given).numpy()
    assert eager.dtype == given.dtype and eager.shape == (3, *turned(layer, edges), 3)
    assert eager.min() >= 0 and eager.max() <= 255
    if eager.shape == given.shape:
        assert (eager.round() != given).mean() > 0.03
    graph = tf.function(layer, input_signature=[tf.TensorSpec([None, *edges, 3], dtype)])
    pipeline = tf.data.Dataset.from_tensor_slices(given).batch(3).map(layer)
    assert pipeline.element_spec.shape.as_list() == [None, *eager.shape[1:]]
    model = in_model(layer, edges, dtype)
    assert model.output_shape == (None, *eager.shape[1:]) and model.output.dtype == dtype
    # Sums may be taken in another order; a value between two levels is then rounded otherwise.
    tolerance = 1 if dtype == "uint8" else 1e-3
    # So is a cosine coefficient between two steps of JPEG, which is seen in its whole block.
    share = 0.9 if arguments.get("form") == "dct" else 1
    for found in (graph(given).numpy(), next(iter(pipeline)).numpy(), model(given).numpy()):
        assert found.dtype == given.dtype
        assert (np.abs(found.astype(float) - eager) <= tolerance).mean() >= share


@every_layer
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_one_photo_is_a_batch_of_one(photos, layer_class, arguments, dtype):
    photo = photos[1, 60:93, 70:117].astype(dtype)
    layer = layer_class(**arguments)
    alone = layer(photo, seed=SEED)
    np.testing.assert_array_equal(alone, layer(photo[np.newaxis], seed=SEED)[0])
    (piped,) = tf.data.Dataset.from_tensors(photo).map(lambda one: layer(one, seed=SEED))
    assert piped.shape == alone.shape and piped.dtype == alone.dtype
    np.testing.assert_allclose(tf.cast(piped, tf.float32), tf.cast(alone, tf.float32), atol=1)


@every_layer
def test_floats_are_the_uint8_result_before_rounding(photos, layer_class, arguments):
    given = photos[:2, 50:83, 50:97]
    layer = layer_class(**arguments)
    levels = layer(given, seed=SEED).numpy()
    floats = layer(given.astype(np.float32), seed=SEED).numpy()
    np.testing.assert_array_equal(levels, np.floor(floats + np.float32(0.5)))


@every_layer
@pytest.mark.parametrize("value_range", [(0, 1), (-1, 1)], ids=str)
def test_other_ranges_are_the_same_scaled(photos, layer_class, arguments, value_range):
    given = photos[:2, 50:83, 50:97].astype(np.float32)
    black, white = value_range
    expected = layer_class(**arguments)(given, seed=SEED).numpy() / 255 * (white - black) + black
    layer = layer_class(**arguments, value_range=value_range)
    found = layer(given / 255 * (white - black) + black, seed=SEED).numpy()
    assert found.min() >= black and found.max() <= white
    np.testing.assert_allclose(found, expected, atol=1e-5)
    # uint8 has one range only.
    levels = photos[:2, 50:83, 50:97]
    np.testing.assert_array_equal(layer(levels, seed=SEED), layer_class(**arguments)(levels, seed=SEED))


@every_layer
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_other_float_types_come_back(photos, layer_class, arguments, dtype):
    given = photos[:2, 50:82, 50:82]
    layer = layer_class(**arguments)
    found = layer(tf.cast(given, dtype), seed=SEED)
    assert found.dtype == dtype
    expected = layer(given.astype(np.float32), seed=SEED)
    # Whole levels fit in all these types; what comes back has 8 significant bits in bfloat16.
    np.testing.assert_allclose(tf.cast(found, tf.float32), tf.cast(tf.cast(expected, dtype), tf.float32))


@every_layer
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_changes_nothing(photos, layer_class, arguments, policy):
    given = photos[:2, 50:82, 50:82].astype(np.float32)
    expected = layer_class(**arguments)(given, seed=SEED)
    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy(policy)
    try:
        layer = layer_class(**arguments, seed=9)
        assert layer.compute_dtype == policy.removeprefix("mixed_")
        np.testing.assert_array_equal(layer(given, seed=SEED), expected)
        found = in_model(layer, (32, 32), "float32")(given)
    finally:
        keras.mixed_precision.set_global_policy(before)
    assert found.dtype == tf.float32
    np.testing.assert_allclose(found, layer_class(**arguments, seed=9)(given), atol=1e-3)


@every_layer
def test_a_model_with_it_is_saved_and_loaded(photos, tmp_path, layer_class, arguments):
    layer = layer_class(**arguments, seed=6, value_range=(0, 1), name="edit")
    model = in_model(layer, (33, 47), "uint8")
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    config = loaded.get_layer("edit").get_config()
    assert config == layer.get_config()
    assert config.items() >= {**arguments, "seed": 6, "value_range": (0, 1), "name": "edit"}.items()
    given = photos[:2, 50:83, 50:97]
    np.testing.assert_array_equal(loaded(given), model(given))


def has_random_numbers(layer_class: type, arguments: dict[str, object]) -> bool:
    return layer_class in (
        degradations.GaussianNoise,
        degradations.PatchShuffle,
        degradations.Mixup,
        degradations.MotionBlur,
        degradations.Bars,
    )


@every_layer
def test_the_seed_says_it_all(photos, layer_class, arguments):
    given = photos[:, 50:82, 50:82]
    layer, seeded = layer_class(**arguments), layer_class(**arguments, seed=11)
    first = layer(given, seed=SEED).numpy()
    np.testing.assert_array_equal(first, layer(given, seed=tf.constant(SEED)))
    np.testing.assert_array_equal(seeded(given), seeded(given))
    np.testing.assert_array_equal(seeded(given), layer(given, seed=(11, 0)))
    others = [layer(given, seed=(3, number)).numpy() for number in range(5, 9)]
    assert any((first != other).any() for other in others) == has_random_numbers(layer_class, arguments)


@every_layer
def test_without_a_seed_each_call_draws_its_own(photos, layer_class, arguments):
    given = photos[:, 50:82, 50:82]
    graph = tf.function(layer_class(**arguments))

    def eight_calls() -> np.ndarray:
        tf.random.set_seed(1)
        return np.stack([graph(given).numpy() for _ in range(8)])

    calls = eight_calls()
    assert (calls[1:] != calls[:1]).any() == has_random_numbers(layer_class, arguments)


@every_layer
def test_no_photos_at_all(photos, layer_class, arguments):
    layer = layer_class(**arguments)
    assert layer(photos[:0, :64, :40], seed=SEED).shape == (0, *turned(layer, (64, 40)), 3)


@every_layer
def test_no_python_and_no_state_in_the_graph(layer_class, arguments):
    layer = layer_class(**arguments)
    run = tf.function(lambda images: layer(images, seed=SEED))
    graph = run.get_concrete_function(tf.TensorSpec([None, 64, 64, 3], tf.uint8)).graph
    kinds = {node.type for node in graph.get_operations()}
    kinds |= {node.op for function in graph.as_graph_def().library.function for node in function.node_def}
    stateful = {"RandomUniform", "RandomUniformInt", "RandomStandardNormal"}
    assert not kinds & (stateful | {"PyFunc", "EagerPyFunc", "VarHandleOp"})
    assert not {kind for kind in kinds if kind.startswith("IO>")}


class Negative(degradations.Degradation):
    def edit(self, images, seed):
        return 255.0 - tf.cast(images, tf.float32)


def test_a_layer_of_ones_own_writes_one_method(photos):
    np.testing.assert_array_equal(Negative()(photos[0]), 255 - photos[0])
    np.testing.assert_allclose(
        Negative(value_range=(0, 1))([[[0.25, 0.5, 1]]] * np.ones([1, 1, 1])), [[[0.75, 0.5, 0]]]
    )


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros([2, 32, 32, 3], np.int32), "images are int32: expected uint8 or floats"),
        (np.zeros([2, 32, 32, 3], bool), "images are bool: expected uint8 or floats"),
        ([[1, 2, 3]], "images are a list: expected a tensor or an array"),
        (np.zeros([32, 32], np.uint8), "images have shape .*: expected .H, W, 3. or .N, H, W, 3."),
        (np.zeros([2, 32, 32, 1], np.uint8), "images have shape .*: expected .H, W, 3. or .N, H, W, 3."),
        (np.zeros([2, 3, 32, 32], np.uint8), "images have shape .*: expected .H, W, 3. or .N, H, W, 3."),
        (np.zeros([1, 2, 32, 32, 3], np.uint8), "images have shape .*: expected .H, W, 3. or .N, H, W, 3."),
        (keras.Input([None, None, 3]), "images have shape .*: expected .* with known H and W"),
        (keras.Input([32, None, 3]), "images have shape .*: expected .* with known H and W"),
    ],
    ids=lambda value: None if isinstance(value, str) else type(value).__name__,
)
def test_wrong_photos_are_told_in_one_line(images, message):
    with pytest.raises(ValueError, match=f"^{message}") as caught:
        degradations.GaussianBlur(0.8)(images)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"value_range": (1, 0)}, r"value_range=\(1, 0\): expected black below white"),
        ({"value_range": (0, float("nan"))}, r"value_range=\(0, nan\): expected black below white"),
        ({"seed": -1}, "seed=-1: expected None or an integer"),
        ({"seed": 2**31}, "seed=2147483648: expected None or an integer"),
    ],
)
def test_wrong_arguments_of_all_layers(arguments, message):
    with pytest.raises(UsageError, match=f"^{message}"):
        degradations.Rotation(90, **arguments)
