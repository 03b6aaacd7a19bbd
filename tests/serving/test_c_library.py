"""An export answers through TensorFlow's C library in a process that never imports TensorFlow's Python."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from aesthkeras.data.sources import sample_photos


def test_answers_through_the_c_library_alone(export, loaded, tmp_path):
    paths = [path for path in sample_photos() if path.endswith(("rocket.jpg", "chelsea.png", "china.jpg"))]
    graph = saved_model_pb2.SavedModel.FromString((export.path / "saved_model.pb").read_bytes()).meta_graphs[
        0
    ]
    signature = graph.signature_def["features"]
    request = {
        "library": str(Path(tf.__file__).parent),
        "model": str(export.path),
        "input": signature.inputs["image_bytes"].name,
        "outputs": {name: info.name for name, info in signature.outputs.items()},
        "photos": paths,
    }
    (tmp_path / "request.json").write_text(json.dumps(request))
    runner = Path(__file__).with_name("c_library.py")
    # -I: no PYTHONPATH, no user's packages, nothing of the current folder.
    command = [
        sys.executable,
        "-I",
        str(runner),
        str(tmp_path / "request.json"),
        str(tmp_path / "answer.npz"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    version, refusal = done.stdout.splitlines()
    assert version == tf.__version__
    assert "cannot decode image 1 (counted from 0)" in refusal
    expected = loaded.signatures["features"](
        image_bytes=tf.constant([Path(path).read_bytes() for path in paths])
    )
    with np.load(tmp_path / "answer.npz") as answer:
        assert set(answer) == set(expected)
        for name in answer:
            np.testing.assert_allclose(answer[name], expected[name], rtol=1e-5, atol=1e-5)
