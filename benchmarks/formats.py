"""Export formats: size, speed and agreement of one network as SavedModel, TFLite and ONNX.

    PYTHONPATH=. python benchmarks/formats.py --model=savedmodels/NAME --photos=FOLDER

All take the same uint8 pixels of the network's own size, with one thread. They take turns, so that a busy
machine hurts each alike, and the fastest of all rounds counts. Agreement is with the SavedModel's network in
float32, on the photos of --photos: of `score`, or of `embedding` where the model is an encoder. int8 gets its
ranges from other photos, those of --data_dir.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from absl import app, flags, logging

FLAGS = flags.FLAGS
flags.DEFINE_string("model", None, "SavedModel folder of a scorer or an encoder.", required=True)
flags.DEFINE_string("photos", "samples", "Photos to agree on: a folder, or samples.")
flags.DEFINE_string("data_dir", "samples", "Photos that int8 gets its ranges from.")
flags.DEFINE_integer("most_photos", 1000, "Photos to agree on, at most.")
flags.DEFINE_integer("batch_size", 32, "Photos in a batch, besides single ones.")
flags.DEFINE_integer("rounds", 30, "Rounds over all formats.")

Network = Callable[[np.ndarray], dict[str, np.ndarray]]


def of_tflite(content: bytes) -> Network:
    import tensorflow as tf

    runner = tf.lite.Interpreter(model_content=content, num_threads=1).get_signature_runner()
    return lambda pixels: runner(pixels=pixels)


def of_onnx(content: bytes) -> Network:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return lambda pixels: dict(zip(names, session.run(names, {"pixels": pixels})))


def of_savedmodel(network) -> Network:
    import tensorflow as tf

    return lambda pixels: {k: values.numpy() for k, values in network.answer(tf.constant(pixels)).items()}


def bytes_of(folder: str | Path) -> int:
    return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())


def candidates(network) -> dict[str, tuple[int, Network]]:
    """Name -> size in bytes, and the network as a function."""
    import tensorflow as tf

    from aesthkeras.export import PRECISIONS
    from aesthkeras.serving.formats.converting import representative_pixels
    from aesthkeras.serving.formats.onnx import to_onnx
    from aesthkeras.serving.formats.tflite import to_tflite

    ranges = representative_pixels(FLAGS.data_dir, network.contract["resize_edge"], network.crop)
    with tempfile.TemporaryDirectory() as alone:
        # The network without decoding, warm-up requests and the other signatures.
        tf.saved_model.save(network, alone, {"serving_default": network.answer})
        found = {"SavedModel": (bytes_of(alone), of_savedmodel(network))}
    onnx = to_onnx(network)
    found["ONNX float32"] = len(onnx), of_onnx(onnx)
    for precision in PRECISIONS:
        content = to_tflite(network, precision, ranges)
        found[f"TFLite {precision}"] = len(content), of_tflite(content)
    return found


def milliseconds(networks: dict[str, Network], pixels: np.ndarray) -> dict[str, float]:
    """Milliseconds a photo in the fastest round."""
    times: dict[str, list[float]] = {name: [] for name in networks}
    for network in networks.values():
        network(pixels)
    for _ in range(FLAGS.rounds):
        for name, network in networks.items():
            start = time.perf_counter()
            network(pixels)
            times[name].append(1000 * (time.perf_counter() - start) / len(pixels))
    return {name: min(values) for name, values in times.items()}


def answers(network: Network, pixels: np.ndarray, output: str) -> np.ndarray:
    """One output for all photos, batch by batch."""
    size = FLAGS.batch_size
    parts = [network(pixels[start : start + size])[output] for start in range(0, len(pixels), size)]
    return np.concatenate(parts).ravel()


def main(_: list[str]) -> None:
    import tensorflow as tf
    from scipy.stats import spearmanr

    from aesthkeras.networks.export import Export
    from aesthkeras.serving.formats.converting import representative_pixels
    from aesthkeras.serving.formats.pixel_network import PixelNetwork

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    logging.set_verbosity(logging.WARNING)
    network = PixelNetwork(Export.open(FLAGS.model))
    pixels = representative_pixels(
        FLAGS.photos, network.contract["resize_edge"], network.crop, FLAGS.most_photos
    )
    output = "score" if "score" in network.contract["outputs"] else "embedding"
    found = candidates(network)
    networks = {name: run for name, (_, run) in found.items()}
    single, batch = (milliseconds(networks, pixels[:count]) for count in (1, FLAGS.batch_size))
    expected = answers(networks["SavedModel"], pixels, output)
    print(f"{FLAGS.model}, {network.crop} px, one thread; {output} of {len(pixels)} photos, {FLAGS.photos}")
    print(
        "| | MB | ms, single photo | times SavedModel | ms a photo of a batch | times SavedModel "
        "| largest difference | rank correlation |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name, (size, run) in found.items():
        values = answers(run, pixels, output)
        print(
            f"| {name} | {size / 1e6:.2f} | {single[name]:.2f} | {single[name] / single['SavedModel']:.2f} "
            f"| {batch[name]:.2f} | {batch[name] / batch['SavedModel']:.2f} "
            f"| {np.abs(values - expected).max():.2g} | {spearmanr(values, expected)[0]:.5f} |"
        )


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    app.run(main)
