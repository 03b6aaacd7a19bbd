"""What an exported encoder answers, and that an export is whole or not there."""

from __future__ import annotations

import os
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.encoders import EMBEDDING, build_encoder
from aesthkeras.errors import UsageError
from aesthkeras.networks import saving as signatures
from aesthkeras.networks.pooling import pool_blocks
from aesthkeras.networks.saving import export_encoder
from aesthkeras.photos.views import serving_pixels

# 96 px at width 0.125: maps of 22, 10, 4, 4, 4 and channels of 16, 32, 48, 48, 32.
VALUES = {
    "conv1": 10 * 10 * 16,
    "conv2": 6 * 6 * 32,
    "conv3": 4 * 4 * 48,
    "conv4": 4 * 4 * 48,
    "conv5": 4 * 4 * 32,
    "embedding": 512,
}


@pytest.fixture(scope="module")
def requests(jpeg, png) -> list[bytes]:
    return [jpeg(120, 200), png(300, 97, 1), jpeg(110, 110, 2), jpeg(50, 64, 3)]


@pytest.fixture(scope="module")
def expected(export, requests) -> dict[str, tf.Tensor]:
    """The Keras model's answer on the pixels of training."""
    pixels = [serving_pixels(tf.constant(photo), export.resize_edge, export.crop) for photo in requests]
    outputs = export.encoder(tf.stack(pixels))
    return {**pool_blocks(outputs), EMBEDDING: outputs[EMBEDDING]}


def test_shapes_and_types(loaded):
    for name, key, spec in [
        ("serving_default", "image_bytes", tf.TensorSpec([None], tf.string)),
        ("features", "image_bytes", tf.TensorSpec([None], tf.string)),
        ("pixels", "pixels", tf.TensorSpec([None, None, None, 3], tf.uint8)),
    ]:
        signature = loaded.signatures[name]
        taken = signature.structured_input_signature[1]
        assert {input: (list(given.shape), given.dtype) for input, given in taken.items()} == {
            key: (list(spec.shape), spec.dtype)
        }
        answered = {
            output: (list(given.shape), given.dtype) for output, given in signature.structured_outputs.items()
        }
        assert answered == {output: ([None, number], tf.float32) for output, number in VALUES.items()}
    probabilities = loaded.signatures["degradations"].structured_outputs["probabilities"]
    assert (list(probabilities.shape), probabilities.dtype) == ([None, 22], tf.float32)


@pytest.mark.parametrize("name", ["features", "serving_default"])
def test_features_of_mixed_photos_are_those_of_the_keras_model(name: str, loaded, requests, expected):
    answer = loaded.signatures[name](image_bytes=tf.constant(requests))
    assert set(answer) == set(VALUES)
    for output in VALUES:
        np.testing.assert_allclose(answer[output], expected[output], rtol=1e-4, atol=1e-4)
    # A photo is answered in its own place: rows differ by far more than the tolerance.
    assert np.abs(expected[EMBEDDING][0] - expected[EMBEDDING][1]).max() > 0.1


def test_order_of_many_photos_is_kept(loaded, requests, expected):
    order = np.random.default_rng(0).integers(0, len(requests), 40)
    answer = loaded.signatures["features"](image_bytes=tf.constant([requests[index] for index in order]))
    np.testing.assert_allclose(answer[EMBEDDING], tf.gather(expected[EMBEDDING], order), rtol=1e-4, atol=1e-4)


def test_pixels_answer_what_their_file_answers(loaded, png):
    files = [png(130, 170, seed) for seed in (0, 1)]
    pixels = tf.stack([tf.io.decode_png(file, channels=3) for file in files])
    of_files = loaded.signatures["features"](image_bytes=tf.constant(files))
    of_pixels = loaded.signatures["pixels"](pixels=pixels)
    for output in VALUES:
        np.testing.assert_allclose(of_pixels[output], of_files[output], rtol=1e-5, atol=1e-5)


def test_probabilities_are_the_heads(export, loaded, requests, expected):
    answer = loaded.signatures["degradations"](image_bytes=tf.constant(requests))["probabilities"]
    logits = export.head(expected[EMBEDDING])["logits"].numpy().astype(np.float64)
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    np.testing.assert_allclose(answer, powers / powers.sum(-1, keepdims=True), rtol=1e-3, atol=1e-5)


def test_scorer_answers_the_score_and_what_it_is_made_of(scorer_export, requests, expected, png):
    loaded = tf.saved_model.load(str(scorer_export))
    assert set(loaded.signatures) == {"serving_default", "features", "pixels", "degradations"}
    answer = loaded.signatures["serving_default"](image_bytes=tf.constant(requests))
    assert {name: values.shape for name, values in answer.items()} == {
        "score": (4,),
        "rating": (4,),
        "distribution": (4, 7),
    }
    shares = answer["distribution"].numpy().astype(np.float64)
    np.testing.assert_allclose(shares.sum(1), 1, rtol=1e-6)
    ratings = shares @ np.arange(1, 8)
    np.testing.assert_allclose(answer["rating"], ratings, rtol=1e-5)
    np.testing.assert_allclose(answer["score"], 1 / (1 + np.exp(-(ratings - 4.1) / 0.5)), rtol=1e-4)
    features = loaded.signatures["features"](image_bytes=tf.constant(requests))
    assert set(features) == {*VALUES, *answer}
    for name, values in {**expected, **answer}.items():
        if name in features:
            np.testing.assert_allclose(features[name], values, rtol=1e-4, atol=1e-4)
    photo = png(130, 170)
    of_file = loaded.signatures["serving_default"](image_bytes=tf.constant([photo]))
    of_pixels = loaded.signatures["pixels"](pixels=tf.io.decode_png(photo, channels=3)[tf.newaxis])
    np.testing.assert_allclose(of_pixels["score"], of_file["score"], rtol=1e-5)


def test_assets_are_kept(export):
    assets = export.path / "assets"
    assert (assets / "flags.cfg").read_text() == "--seed=0\n"
    assert (assets / "picture.bin").read_bytes() == b"\x00\xff"
    assert (assets / "classes.txt").read_text().splitlines() == [f"class {index}" for index in range(22)]


def test_no_degradations_without_a_head(tmp_path):
    path = export_encoder(build_encoder("alexnet", input_size=96, width=0.125), tmp_path, resize_edge=96)
    assert set(tf.saved_model.load(str(path)).signatures) == {"serving_default", "features", "pixels"}
    assert not (path / "assets" / "classes.txt").exists()


def test_mixed_precision_is_exported_in_float32(mixed_bfloat16, tmp_path, jpeg):
    encoder = build_encoder("resnet18", input_size=96, width=0.125)
    embedding = keras.Input((64,))
    head = keras.Model(embedding, keras.layers.Dense(3)(embedding))
    path = export_encoder(encoder, tmp_path, resize_edge=96, head=head, class_names=["a", "b", "c"])
    keras.mixed_precision.set_global_policy("float32")
    same = build_encoder("resnet18", input_size=96, width=0.125)
    same.set_weights(encoder.get_weights())
    photo = jpeg(96, 120)
    pixels = serving_pixels(tf.constant(photo), 96, 96)[tf.newaxis]
    answer = tf.saved_model.load(str(path)).signatures["features"](image_bytes=tf.constant([photo]))
    # bfloat16 would be off by about 1 percent.
    np.testing.assert_allclose(answer["conv5"], pool_blocks(same(pixels))["conv5"], rtol=1e-3, atol=1e-4)
    assert encoder.get_layer("conv1").compute_dtype == "bfloat16"  # the caller's own is left as it was


def export_small(folder: Path, **options: object) -> Path:
    encoder = build_encoder("alexnet", input_size=96, width=0.125)
    return export_encoder(encoder, folder, **{"resize_edge": 96, **options})


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_versions_count_up_past_gaps_and_strangers(tmp_path):
    for name in ("2", "9", ".30.1.aside", "notes"):
        (tmp_path / "model" / name).mkdir(parents=True)
    assert export_small(tmp_path / "model") == tmp_path / "model" / "10"
    with pytest.raises(UsageError, match="version 10 exists already"):
        export_small(tmp_path / "model", version=10)


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_export_that_fails_leaves_the_old_version_whole(error, tmp_path, monkeypatch):
    export_small(tmp_path)
    before = contents(tmp_path)

    def fail(*_: object) -> None:
        assert any(name.startswith(".2.") for name in os.listdir(tmp_path))  # written aside, not in place
        assert not (tmp_path / "2").exists()
        raise error

    monkeypatch.setattr(signatures, "write_warm_up_requests", fail)
    with pytest.raises(type(error)):
        export_small(tmp_path)
    assert contents(tmp_path) == before
    assert os.listdir(tmp_path) == ["1"]


def test_disk_that_fills_up_is_an_os_error(tmp_path, monkeypatch):
    def fail(*_: object) -> None:
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    monkeypatch.setattr(tf.saved_model, "save", fail)
    with pytest.raises(OSError, match="No space left on device"):
        export_small(tmp_path)
    assert os.listdir(tmp_path) == []


def test_ops_that_tf_serving_lacks_are_refused(tmp_path):
    class Halved(keras.layers.Layer):
        def call(self, pixels: tf.Tensor) -> tf.Tensor:
            return tf.ensure_shape(tf.numpy_function(lambda x: x / 2, [pixels], tf.float32), pixels.shape)

    encoder = build_encoder("alexnet", input_size=96, width=0.125, preprocessing=Halved())
    with pytest.raises(ValueError, match="PyFunc"):
        export_encoder(encoder, tmp_path, resize_edge=96)
    assert os.listdir(tmp_path) == []


def test_resize_below_the_crop_is_refused(tmp_path):
    with pytest.raises(UsageError, match="resize=95: expected at least the crop's 96 pixels"):
        export_small(tmp_path, resize_edge=95)


@pytest.mark.parametrize("names", [None, ["only one"]])
def test_head_needs_a_name_for_each_class(names, tmp_path):
    embedding = keras.Input((512,))
    head = keras.Model(embedding, keras.layers.Dense(3)(embedding))
    with pytest.raises(ValueError, match="expected 3 names"):
        export_small(tmp_path, head=head, class_names=names)
