"""Scoring: photos a second, the network alone and from file to row, beside the same network in onnxruntime.

    PYTHONPATH=. python benchmarks/score.py --photos ../shared/data/clive

A scorer with random weights, on conv5 and the embedding, that knows the degradations; or `--model`. Both
sides get the same uint8 crops as numpy arrays and all cores, and take turns, so that a busy machine hurts
each alike.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from absl import app, flags

from aesthkeras.machine import usable_cores

FLAGS = flags.FLAGS
flags.DEFINE_string("model", "", "SavedModel folder of a scorer; empty for one with random weights.")
flags.DEFINE_string("encoder_name", "alexnet", "Architecture of the random scorer.")
flags.DEFINE_float("width", 1.0, "Channel multiplier of the random scorer.")
flags.DEFINE_integer("crop", 227, "Edge of the random scorer's input in pixels.")
flags.DEFINE_integer("batch_size", 32, "Crops that both sides see at once.")
flags.DEFINE_integer("rounds", 10, "Rounds over both sides.")
flags.DEFINE_string("photos", "", "Folder of photos to score from file to row; empty leaves that out.")
flags.DEFINE_integer("most", 700, "Photos of it.")


PAUSE = 0.5  # seconds: onnxruntime's threads keep a core busy for a while after they are done


def random_scorer(folder: Path) -> Path:
    import keras

    from aesthkeras.degradations.table import CLASSES
    from aesthkeras.encoders import build_encoder
    from aesthkeras.networks.heads import build_network, build_scorer
    from aesthkeras.networks.pooling import pool_blocks
    from aesthkeras.networks.saving import export_scorer

    encoder = build_encoder(FLAGS.encoder_name, input_size=FLAGS.crop, width=FLAGS.width)
    encoder(
        np.random.default_rng(0).integers(0, 256, (8, FLAGS.crop, FLAGS.crop, 3), np.uint8), training=True
    )
    embedding = keras.Input(encoder.output["embedding"].shape[1:])
    head = keras.Model(embedding, keras.layers.Dense(len(CLASSES))(embedding))
    values = {name: int(pool_blocks(encoder.output)[name].shape[-1]) for name in ("conv5",)}
    values["embedding"] = int(embedding.shape[-1])
    meaning = {"threshold": 50, "temperature": 9, "mean": 50, "deviation": 20}
    scorer = build_scorer(build_network(values, [64], 1), "score", **meaning)
    names = [degradation.name for degradation in CLASSES]
    resize = round(FLAGS.crop * 256 / 227)
    return export_scorer(
        encoder, scorer, folder / "random", resize_edge=resize, meaning=meaning, head=head, class_names=names
    )


class OnnxNetwork:
    """The scorer of a SavedModel in onnxruntime, with what `score_photos` asks of a network."""

    def __init__(self, folder: Path, like) -> None:
        import onnxruntime

        from aesthkeras.networks.export import Export
        from aesthkeras.serving.formats.onnx import to_onnx
        from aesthkeras.serving.formats.pixel_network import PixelNetwork

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = usable_cores()
        self._session = onnxruntime.InferenceSession(
            to_onnx(PixelNetwork(Export.open(folder))), options, providers=["CPUExecutionProvider"]
        )
        self._names = [output.name for output in self._session.get_outputs()]
        self.resize, self.crop, self.batch_size = like.resize, like.crop, like.batch_size
        self.class_names = like.class_names

    def __call__(self, crops: np.ndarray) -> dict[str, np.ndarray]:
        return dict(zip(self._names, self._session.run(None, {"pixels": crops})))


def network_alone(sides: dict[str, object], crops: np.ndarray) -> None:
    answers = [side(crops) for side in sides.values()]
    apart = max(np.abs(answers[0][name] - answers[1][name]).max() for name in ("score", "degradations"))
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(FLAGS.rounds):
        for name, side in sides.items():
            time.sleep(PAUSE)
            start = time.perf_counter()
            side(crops)
            seconds[name].append(time.perf_counter() - start)
    print(f"network alone, batch {len(crops)}; answers differ by {apart:.1e} at most")
    for name, taken in seconds.items():
        best, median = len(crops) / min(taken), len(crops) / statistics.median(taken)
        print(f"  {name:12} {best:7.1f} best {median:7.1f} median, photos a second")
    ours, theirs = (seconds[name] for name in sides)
    median = statistics.median(theirs) / statistics.median(ours)
    print(f"  ratio {min(theirs) / min(ours):.2f} best {median:.2f} median")


def from_file_to_row(sides: dict[str, object], paths: list[str]) -> None:
    from aesthkeras.scoring.scoring import ScoringChoices, score_photos

    print(f"from file to row, {len(paths)} files")
    rates = {}
    for name, side in sides.items():
        next(score_photos(side, paths[: side.batch_size], ScoringChoices()))
        start = time.perf_counter()
        for _ in score_photos(side, paths, ScoringChoices()):
            pass
        rates[name] = len(paths) / (time.perf_counter() - start)
        print(f"  {name:12} {rates[name]:7.1f} photos a second")
    ours, theirs = rates.values()
    print(f"  ratio {ours / theirs:.2f}")


def main(_: list[str]) -> None:
    from aesthkeras.networks.export import Export
    from aesthkeras.photos.sources import find_photos
    from aesthkeras.scoring.network import ScoringNetwork

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(FLAGS.model) if FLAGS.model else random_scorer(Path(temporary))
        network = ScoringNetwork(Export.open(folder), FLAGS.batch_size)
        sides = {"aesthkeras": network, "onnxruntime": OnnxNetwork(folder, network)}
    shape = (FLAGS.batch_size, network.crop, network.crop, 3)
    network_alone(sides, np.random.default_rng(1).integers(0, 256, shape, np.uint8))
    if FLAGS.photos:
        from_file_to_row(sides, find_photos(FLAGS.photos)[: FLAGS.most])


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    sys.exit(app.run(main))
