"""The code of docs/exports.md does what the page says."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import tensorflow as tf

PAGE = Path(__file__).parents[3] / "docs" / "exports.md"


def test_python_block(converted, loaded_scorer, jpeg, tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    monkeypatch.chdir(tmp_path)
    Path("savedmodels").mkdir()
    Path("photo.jpg").write_bytes(jpeg(120, 200))
    for kind in ("onnx", "tflite"):
        for ending in ("", ".json"):
            shutil.copy(f"{converted(kind)}{ending}", f"savedmodels/beauty.{kind}{ending}")
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    onnx, tflite = block.split("\nrunner = ")
    photo = tf.constant([Path("photo.jpg").read_bytes()])
    expected = float(loaded_scorer.signatures["serving_default"](image_bytes=photo)["score"][0])
    names: dict[str, object] = {}
    exec(onnx, names)
    assert names["score"][0] == pytest.approx(expected, abs=1e-5)
    exec(f"runner = {tflite}", names)
    assert names["score"][0] == pytest.approx(expected, abs=1e-5)
