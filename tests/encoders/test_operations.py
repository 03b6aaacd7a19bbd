"""Core ops only, and a check that notices others."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.encoders.operations import list_operations, unservable_operations


def save(folder, function, *spec: tf.TensorSpec) -> str:
    module = tf.Module()
    module.function = tf.function(function, input_signature=list(spec))
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.function})
    return str(folder)


@pytest.mark.parametrize("kind", ["encoder", "scorer"])
def test_export_has_core_ops_only(kind: str, export, scorer_export):
    path = export.path if kind == "encoder" else scorer_export
    kinds = list_operations(path)
    assert {"DecodeJpeg", "DecodePng", "DecodeBmp", "Conv2D", "MaxPool", "AvgPool", "Softmax"} <= set(kinds)
    assert unservable_operations(path) == []


@pytest.mark.parametrize("call", [tf.numpy_function, tf.py_function])
def test_python_calls_are_found_inside_library_functions(call, tmp_path):
    def doubled(values: tf.Tensor) -> tf.Tensor:
        return tf.map_fn(lambda value: call(lambda x: np.float32(2) * x, [value], tf.float32), values)

    folder = save(tmp_path, doubled, tf.TensorSpec([None], tf.float32))
    found = unservable_operations(folder)
    assert found == ["PyFunc" if call is tf.numpy_function else "EagerPyFunc"]


def test_ops_of_addons_are_found(tmp_path):
    addons = pytest.importorskip("tensorflow_addons")

    def translated(images: tf.Tensor) -> tf.Tensor:
        return addons.image.connected_components(images)

    folder = save(tmp_path, translated, tf.TensorSpec([None, None], tf.uint8))
    assert unservable_operations(folder) == ["Addons>ImageConnectedComponents"]
