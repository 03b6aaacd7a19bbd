"""An export answers in a process that knows nothing of this package."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

ASK = """
import sys
import numpy as np, tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
photo = open(sys.argv[2], "rb").read()
answer = model.signatures["features"](image_bytes=tf.constant([photo, photo]))
np.savez(sys.argv[3], **{name: values.numpy() for name, values in answer.items()})
try:
    model.signatures["features"](image_bytes=tf.constant([photo, photo[:600]]))
except tf.errors.InvalidArgumentError as error:
    print("refused:", error.message)
assert not any(name.startswith(("aesthkeras", "tensorflow_addons", "tensorflow_io")) for name in sys.modules)
"""


def run(arguments: list[str], folder) -> str:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_answers_without_this_package(export, loaded, jpeg, tmp_path):
    photo = jpeg(120, 200)
    (tmp_path / "photo.jpg").write_bytes(photo)
    said = run([sys.executable, "-c", ASK, str(export.path), "photo.jpg", "answer.npz"], tmp_path)
    assert "cannot decode image 1 (counted from 0)" in said
    expected = loaded.signatures["features"](image_bytes=tf.constant([photo, photo]))
    with np.load(tmp_path / "answer.npz") as answer:
        assert set(answer) == set(expected)
        for name in answer:
            np.testing.assert_allclose(answer[name], expected[name], rtol=1e-5, atol=1e-5)


@pytest.mark.long
def test_answers_saved_model_cli(export, loaded, jpeg, tmp_path):
    photo = jpeg(120, 200)
    np.save(tmp_path / "photo.npy", np.array([photo]))
    command = [sys.executable, "-m", "tensorflow.python.tools.saved_model_cli", "run", "--tag_set=serve"]
    command += [f"--dir={export.path}", "--signature_def=degradations", "--inputs=image_bytes=photo.npy"]
    run([*command, f"--outdir={tmp_path}"], tmp_path)
    expected = loaded.signatures["degradations"](image_bytes=tf.constant([photo]))["probabilities"]
    np.testing.assert_allclose(np.load(tmp_path / "probabilities.npy"), expected, rtol=1e-5, atol=1e-6)
