"""TFLite and ONNX files answer what the Keras model answers, and say what they take."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from aesthkeras.errors import UsageError
from aesthkeras.networks.export import Export
from aesthkeras.photos.sources import sample_photos
from aesthkeras.photos.views import serving_pixels
from aesthkeras.serving.formats import converting
from aesthkeras.serving.formats.converting import convert, representative_pixels
from aesthkeras.serving.formats.pixel_network import PixelNetwork

# Largest difference of a score from the Keras model's. int8 is for a tiny network with random weights:
# benchmarks/README.md has trained ones.
TOLERANCES = {("onnx", "float32"): 1e-5, ("tflite", "float32"): 1e-5, ("tflite", "float16"): 5e-3}
INT8_TOLERANCE = 0.15


@pytest.fixture(scope="module")
def pixels(export) -> np.ndarray:
    files = [tf.io.read_file(path) for path in sample_photos()]
    return np.stack([serving_pixels(file, export.resize_edge, export.crop) for file in files])


@pytest.fixture(scope="module")
def expected(scorer_export, pixels) -> dict[str, np.ndarray]:
    answers = Export.open(scorer_export).scoring_model()(pixels)
    return {name: values.numpy() for name, values in answers.items()}


def answer_of(path: Path, pixels: np.ndarray) -> dict[str, np.ndarray]:
    if path.suffix == ".onnx":
        onnxruntime = pytest.importorskip("onnxruntime")
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(names, {"pixels": pixels})))
    return tf.lite.Interpreter(str(path)).get_signature_runner()(pixels=pixels)


@pytest.mark.parametrize("kind, precision", TOLERANCES)
def test_answers_are_the_keras_models(kind, precision, converted, pixels, expected):
    answer = answer_of(converted(kind, precision), pixels)
    assert set(answer) == {"score", "rating", "distribution", "degradations"}
    assert np.ptp(expected["score"]) > 0.1  # photos differ by more than any tolerance
    for name, values in answer.items():
        np.testing.assert_allclose(values, expected[name], rtol=1e-5, atol=TOLERANCES[kind, precision])


def test_int8_comes_near(converted, pixels, expected):
    answer = answer_of(converted("tflite", "int8"), pixels)
    assert 0 < np.abs(answer["score"] - expected["score"]).max() < INT8_TOLERANCE


def test_how_far_int8_is_off_stands_in_the_contract(converted, pixels, expected):
    path = converted("tflite", "int8")
    error = json.loads(path.with_name(f"{path.name}.json").read_text())["error"]
    assert error["photos"] == len(pixels)
    answer = answer_of(path, pixels)
    assert set(error["outputs"]) == set(answer)
    for name, said in error["outputs"].items():
        difference = np.abs(answer[name] - expected[name])
        assert said["mean"] == pytest.approx(difference.mean(), abs=1e-6)
        assert said["max"] == pytest.approx(difference.max(), abs=1e-5)
        assert said["deviation"] == pytest.approx(expected[name].std(), rel=1e-3)


def test_int8_keeps_the_steps_from_blocks_to_the_score_in_float32(converted):
    interpreter = tf.lite.Interpreter(str(converted("tflite", "int8")))
    interpreter.allocate_tensors()
    types = {
        operation["op_name"]: interpreter._get_tensor_details(operation["outputs"][0], 0)["dtype"]
        for operation in interpreter._get_ops_details()
    }
    assert types["LOGISTIC"] == types["BATCH_MATMUL"] == types["MEAN"] == np.float32
    assert types["FULLY_CONNECTED"] == types["CONV_2D"] == np.int8


def test_int8_of_a_scorer_wants_photos_like_those_to_come(scorer_export, export, tmp_path, capsys):
    message = "data_dir=samples: expected a folder of photos like those to be scored"
    with pytest.raises(UsageError, match=message):
        convert(Export.open(scorer_export), tmp_path / "x.tflite", "tflite", "int8", "samples")
    assert not list(tmp_path.iterdir())
    convert(Export.open(export.path), tmp_path / "x.tflite", "tflite", "int8", "samples")
    said = capsys.readouterr().err
    assert re.search(r"int8: `embedding` is off by \S+ on average and \S+ at most, .*on the 11 photos", said)


def test_smaller_numbers_make_smaller_files(converted):
    sizes = {
        precision: converted("tflite", precision).stat().st_size
        for precision in ("float32", "float16", "int8")
    }
    assert sizes["float16"] < 0.55 * sizes["float32"]
    assert sizes["int8"] < 0.35 * sizes["float32"]  # the network is tiny: what is no weight counts


@pytest.mark.parametrize("kind", ["onnx", "tflite"])
def test_contract_says_what_the_file_takes_and_gives(kind, export, converted, pixels):
    path = converted(kind, "float32")
    contract = json.loads(path.with_name(f"{path.name}.json").read_text())
    assert contract["inputs"] == {"pixels": "uint8 [N, 96, 96, 3], RGB"}
    assert (contract["resize_edge"], contract["crop"]) == (export.resize_edge, export.crop)
    assert contract["scorer"] == {"target": "distribution", "threshold": 4.1}
    assert contract["degradations"] == [f"class {index}" for index in range(22)]
    for count in (1, 3):
        answer = answer_of(path, pixels[:count])
        shapes = {name: f"float32 {list(values.shape)}" for name, values in answer.items()}
        assert shapes == {name: text.replace("N", str(count)) for name, text in contract["outputs"].items()}


def test_encoder_answers_its_pooled_blocks(export, loaded, pixels):
    network = PixelNetwork(Export.open(export.path))
    answer = network.answer(tf.constant(pixels))
    of_signature = loaded.signatures["pixels"](pixels=tf.constant(pixels[:, :96]))
    assert set(answer) == {*of_signature, "degradations"}
    assert network.contract["outputs"]["embedding"] == "float32 [N, 512]"
    embedding = Export.open(export.path).encoder()(pixels)["embedding"]
    np.testing.assert_allclose(answer["embedding"], embedding, rtol=1e-5, atol=1e-5)


def test_broken_photos_are_left_out_of_the_representative_set(tmp_path, jpeg):
    for number in range(3):
        (tmp_path / f"{number}.jpg").write_bytes(jpeg(120, 150, number))
    (tmp_path / "broken.jpg").write_bytes(jpeg(120, 150)[:500])
    assert representative_pixels(str(tmp_path), 110, 96).shape == (3, 96, 96, 3)


def test_a_webp_and_a_name_that_is_no_utf8_represent_too(tmp_path, jpeg):
    with open(os.fsencode(tmp_path) + b"/caf\xe9.jpg", "wb") as photo:
        photo.write(jpeg(120, 150))
    Image.new("RGB", (120, 150), (10, 200, 30)).save(tmp_path / "green.webp", lossless=True)
    _, green = representative_pixels(str(tmp_path), 110, 96)
    assert (green == (10, 200, 30)).all()


def test_no_photo_to_represent_anything(tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    with pytest.raises(UsageError, match="data_dir=.*: expected photos that can be decoded"):
        representative_pixels(str(tmp_path), 110, 96)


def test_without_the_extra(scorer_export, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(UsageError, match=r"format=onnx: expected the packages onnx and tf2onnx: pip install"):
        convert(Export.open(scorer_export), tmp_path / "x.onnx", "onnx", "float32", "samples")
    assert not list(tmp_path.iterdir())


def test_place_that_cannot_be_written(scorer_export, tmp_path, monkeypatch):
    monkeypatch.setattr(converting, "to_onnx", lambda network: b"model")
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="out=.*/file/x.onnx: expected a file that can be written"):
        convert(Export.open(scorer_export), tmp_path / "file" / "x.onnx", "onnx", "float32", "samples")


def test_other_savedmodels_are_refused(tmp_path, scorer_export):
    with pytest.raises(UsageError, match="model=.*: expected a SavedModel, or a folder of its versions"):
        convert(Export.open(tmp_path), tmp_path / "x.onnx", "onnx", "float32", "samples")
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "assets").symlink_to(scorer_export / "assets")
    (tmp_path / "1" / "saved_model.pb").touch()
    with pytest.raises(UsageError, match="model=.*: expected a SavedModel that can be read"):
        convert(Export.open(tmp_path), tmp_path / "x.onnx", "onnx", "float32", "samples")
