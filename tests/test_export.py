"""Which exports can be asked for, and where they go."""

from __future__ import annotations

from pathlib import Path

import pytest

from aesthkeras.errors import UsageError
from aesthkeras.export import ExportSettings


@pytest.mark.parametrize(
    "flags, target",
    [
        ({"run_dir": "runs/small"}, "savedmodels/small"),
        ({"run_dir": "runs/small", "format": "onnx"}, "savedmodels/small.onnx"),
        ({"model": "savedmodels/beauty", "format": "tflite"}, "savedmodels/beauty.tflite"),
        (
            {"model": "savedmodels/beauty/3", "format": "tflite", "precision": "int8"},
            "savedmodels/beauty-int8.tflite",
        ),
        ({"model": "savedmodels/beauty", "format": "onnx", "out": "x/y.onnx"}, "x/y.onnx"),
    ],
)
def test_place_is_named_after_the_model(flags, target):
    assert ExportSettings(**flags).target() == Path(target)


@pytest.mark.parametrize(
    "flags, message",
    [
        ({}, "run_dir=: expected the folder of a run, or --model"),
        ({"run_dir": "a", "model": "b", "format": "onnx"}, "model=b: expected either this or --run_dir"),
        ({"run_dir": "a", "precision": "float16"}, "precision=float16: expected float32 but for"),
        ({"model": "b", "format": "onnx", "precision": "int8"}, "precision=int8: expected float32 but for"),
    ],
)
def test_what_cannot_be_is_refused(flags, message):
    with pytest.raises(UsageError, match=message):
        ExportSettings(**flags)
