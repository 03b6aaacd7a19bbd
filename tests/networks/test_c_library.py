"""An export answers through TensorFlow's C library in a process that never imports TensorFlow's Python."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from aesthkeras.photos.sources import sample_photos


def test_answers_through_the_c_library_alone(scorer_export, loaded_scorer, tmp_path):
    paths = [path for path in sample_photos() if path.endswith(("rocket.jpg", "chelsea.png", "china.jpg"))]
    model = saved_model_pb2.SavedModel.FromString((scorer_export / "saved_model.pb").read_bytes())
    signature = model.meta_graphs[0].signature_def["features"]  # of a scorer: the score and all blocks
    request = {
        "library": str(Path(tf.__file__).parent),
        "model": str(scorer_export),
        "input": signature.inputs["image_bytes"].name,
        "outputs": {name: info.name for name, info in signature.outputs.items()},
        "photos": paths,
    }
    files = [tmp_path / "request.json", tmp_path / "answer.npz"]
    files[0].write_text(json.dumps(request))
    # -I: no PYTHONPATH, no user's packages, nothing of the current folder.
    command = [sys.executable, "-I", str(Path(__file__).with_name("c_library.py")), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    version, refusal = done.stdout.splitlines()
    assert version == tf.__version__
    assert "cannot decode image 1 (counted from 0)" in refusal
    photos = tf.constant([Path(path).read_bytes() for path in paths])
    expected = loaded_scorer.signatures["features"](image_bytes=photos)
    assert {"score", "embedding", "conv1", "conv5"} <= set(expected)
    with np.load(files[1]) as answer:
        assert set(answer) == set(expected)
        for name in answer:
            np.testing.assert_allclose(answer[name], expected[name], rtol=1e-5, atol=1e-5)
