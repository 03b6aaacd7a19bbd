"""The code of docs/exports.md does what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import tensorflow as tf

from aesthkeras.serving.formats.converting import convert

PAGE = Path(__file__).parents[3] / "docs" / "exports.md"


def test_python_block(scorer_export, loaded_scorer, jpeg, tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    monkeypatch.chdir(tmp_path)
    Path("photo.jpg").write_bytes(jpeg(120, 200))
    for kind in ("onnx", "tflite"):
        convert(scorer_export, Path(f"savedmodels/beauty.{kind}"), kind, "float32", "")
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    onnx, tflite = block.split("\nrunner = ")
    photo = tf.constant([Path("photo.jpg").read_bytes()])
    expected = float(loaded_scorer.signatures["serving_default"](image_bytes=photo)["score"][0])
    names: dict[str, object] = {}
    exec(onnx, names)
    assert names["score"][0] == pytest.approx(expected, abs=1e-5)
    exec(f"runner = {tflite}", names)
    assert names["score"][0] == pytest.approx(expected, abs=1e-5)
