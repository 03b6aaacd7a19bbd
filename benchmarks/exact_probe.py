"""Seconds and peak memory of the exact solver for one block, and of five blocks of 255,000 photos.

    PYTHONPATH=. nice python benchmarks/exact_probe.py --photos=5000,10000,20000 --values=9600

Each number of photos is a process of its own. The features are random and, as in a run, mapped from a file;
all of these photos train, a tenth as many test, and there are scores. Up to as many photos as values the
features are held in memory and the time grows with the cube of the photos. Above, they are streamed, and it
grows along a line, which is what the last two numbers give. Processor seconds are those of all threads,
divided by the cores: on a machine with other work to do the clock says more. Peak memory is the process's own
high-water mark (ru_maxrss) less what the imports took.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np
from absl import app, flags

FLAGS = flags.FLAGS
flags.DEFINE_list("photos", ["5000", "10000", "20000"], "Training photos.")
flags.DEFINE_integer("values", 9600, "Values of a photo.")
flags.DEFINE_integer("target", 255_000, "Training photos that the line is drawn out to.")
flags.DEFINE_integer("one", 0, "Measure only this many photos, in this process.")

BLOCKS = 5
RANK = 200  # of what the photos share: real features are far from independent
ROWS = 1000  # written at once


def peak_bytes() -> int:
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def write_features(path: str, photos: int, values: int) -> np.ndarray:
    """Writes features of falling spectrum that are never negative, and returns a score for each photo."""
    generator = np.random.default_rng(0)
    shared = generator.normal(size=(RANK, values)).astype(np.float32)
    shared *= 1 / np.sqrt(1 + np.arange(RANK, dtype=np.float32))[:, np.newaxis]
    file = np.lib.format.open_memmap(path, "w+", np.float32, (photos, 1, values))
    scores = np.zeros(photos)
    for start in range(0, photos, ROWS):
        some = slice(start, min(start + ROWS, photos))
        shares = generator.standard_normal((some.stop - start, RANK), dtype=np.float32)
        noise = generator.standard_normal((some.stop - start, values), dtype=np.float32)
        file[some, 0] = np.maximum(shares @ shared + noise, 0)
        scores[some] = shares[:, :20].sum(1) + 3 * generator.normal(size=some.stop - start)
    file.flush()
    return scores


def measure(photos: int) -> None:
    """Prints photos, seconds, processor seconds a core, and peak bytes."""
    from aesthkeras.machine import usable_cores
    from aesthkeras.probes import exact
    from aesthkeras.probes.inputs import PhotoFeatures

    tested = photos // 10
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "features.npy")
        scores = write_features(path, photos + tested, FLAGS.values)
        labels = (scores >= np.median(scores)).astype(np.int64)
        features = PhotoFeatures({"block": np.load(path, mmap_mode="r")}, np.arange(photos + tested))
        train, test = np.split(np.arange(photos + tested), [photos])
        before, start, processor = peak_bytes(), time.perf_counter(), time.process_time()
        rows = features.rows("block", train), features.rows("block", test)
        fitted = exact.fit_block(*rows, labels[train], train, scores=scores[train])
        seconds, processor = time.perf_counter() - start, time.process_time() - processor
    right = np.mean((fitted.labels.predicted >= 0.5) == labels[test])
    print(photos, seconds, processor / usable_cores(), peak_bytes() - before, before, right)


def main(arguments: list[str]) -> None:
    if FLAGS.one:
        measure(FLAGS.one)
        return
    print(f"{FLAGS.values} values a photo")
    print(
        f"{'photos':>8}{'seconds':>10}{'processor s a core':>20}{'peak GB':>9}{'imports GB':>12}{'right':>7}"
    )
    points = []
    for photos in map(int, FLAGS.photos):
        command = [sys.executable, arguments[0], f"--one={photos}", f"--values={FLAGS.values}"]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        _, seconds, processor, peak, before, right = map(float, output.split())
        points.append((photos, seconds, processor, peak))
        row = f"{photos:8}{seconds:10.0f}{processor:20.0f}{peak / 1e9:9.2f}{before / 1e9:12.2f}{right:7.2f}"
        print(row, flush=True)
    if len(points) < 2:  # no line
        return
    (first, *before_last), (last, *at_last) = points[-2], points[-1]
    drawn_out = [b + (b - a) / (last - first) * (FLAGS.target - last) for a, b in zip(before_last, at_last)]
    seconds, processor, peak = drawn_out
    print(f"{FLAGS.target:8}{seconds:10.0f}{processor:20.0f}{peak / 1e9:9.2f}  along the line")
    minutes = BLOCKS * seconds / 60, BLOCKS * processor / 60
    print("five blocks: {:.0f} minutes, {:.0f} processor minutes a core".format(*minutes))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    app.run(main)
