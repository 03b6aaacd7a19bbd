"""The two stacks side by side: training step, degradations, scoring, start-up.

    PYTHONPATH=. python benchmarks/stacks.py --classic PYTHON --current PYTHON [--photos FOLDER]

Each PYTHON belongs to an environment in which the package is installed. For every row both stacks have a
process of their own, and they take turns, so that a busy machine hurts both alike; who waits sleeps. The
ratio is the median of the pairs' ratios, classic by current: above 1 the current stack is faster. Five to
fifteen minutes on two cores that have nothing else to do. Rows in bfloat16 need a CPU that has it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROUNDS, WARM_UP = 10, 2
PHOTOS = Path(__file__).resolve().parents[1] / "../shared/data/clive"

Work = Callable[[], object]


def training_step(precision: str) -> Work:
    """Four steps of the paper's task, as `fit` runs them: half width, 131 px, 16 patches of 7 views."""
    import tensorflow as tf

    from aesthkeras.pretext.recipe import Recipe
    from aesthkeras.pretext.task import find_task
    from aesthkeras.pretext.training import build_model

    recipe = Recipe(crop=131, resize=148, width=0.5, batch_size=16, precision=precision)
    task = find_task("degradation")(recipe=recipe)
    pixels = np.random.default_rng(0).integers(0, 256, (16, 131, 131, 3), np.uint8)
    patches = {"patches": tf.constant(pixels), "photo": tf.range(16), "seed": tf.constant([1, 2])}
    views = tf.data.Dataset.from_tensors(task.views(patches)).repeat()
    model = build_model(task, 100)
    return lambda: model.fit(views, steps_per_epoch=4, verbose=0)


def normalization(precision: str, fused: bool) -> Work:
    """Forward and backward of batch normalisation on maps as conv1 has them, four times.

    Args:
        precision: of the maps.
        fused: by TensorFlow's one operation for it, or by Keras's layer.
    """
    import keras
    import tensorflow as tf

    keras.mixed_precision.set_global_policy("mixed_bfloat16" if precision == "bfloat16" else "float32")
    maps = tf.cast(tf.random.normal([112, 31, 31, 48]), precision)
    layer = keras.layers.BatchNormalization()
    layer.build(maps.shape)
    scale, shift = tf.Variable(tf.ones([48])), tf.Variable(tf.zeros([48]))

    @tf.function
    def gradient(maps: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(maps)
            if fused:
                values, *_ = tf.compat.v1.nn.fused_batch_norm(maps, scale, shift, is_training=True)
            else:
                values = layer(maps, training=True)
            loss = tf.reduce_sum(tf.square(tf.cast(values, tf.float32)))
        return tape.gradient(loss, maps)

    return lambda: [gradient(maps) for _ in range(4)]


def degradations() -> Work:
    """The seven views of each of 64 patches of 227 px, in one graph."""
    import tensorflow as tf

    from aesthkeras.degradations import DegradationSettings, degrade, draw_classes

    pixels = np.random.default_rng(0).integers(0, 256, (64, 227, 227, 3), np.uint8)
    classes, settings = draw_classes(64, 3, 2, tf.constant([3, 4])), DegradationSettings(jpeg="codec")
    graph = tf.function(lambda some: degrade(some, classes, tf.constant([5, 6]), settings))
    patches = tf.constant(pixels)
    return lambda: graph(patches)


def scoring(photos: Path) -> Work:
    """64 photos, from file to score, with the shipped `quality`."""
    import aesthkeras

    model = aesthkeras.load("quality")
    paths = [str(path) for path in sorted(photos.rglob("*.jpg"))[:64]]
    return lambda: model.score(paths)


def process(*command: str) -> Work:
    """A whole process of this Python."""
    return lambda: subprocess.run([sys.executable, *command], check=True, capture_output=True)


def first(photos: Path) -> str:
    return str(min(photos.rglob("*.jpg")))


# What a process of one stack does again and again, by row.
ROWS: dict[str, Callable[[Path], Work]] = {
    "training step, float32": lambda _: training_step("float32"),
    "training step, bfloat16": lambda _: training_step("bfloat16"),
    "batch normalisation, Keras's layer, float32": lambda _: normalization("float32", fused=False),
    "batch normalisation, fused operation, float32": lambda _: normalization("float32", fused=True),
    "batch normalisation, Keras's layer, bfloat16": lambda _: normalization("bfloat16", fused=False),
    "batch normalisation, fused operation, bfloat16": lambda _: normalization("bfloat16", fused=True),
    "degradations": lambda _: degradations(),
    "scoring": scoring,
    "import aesthkeras": lambda _: process("-c", "import aesthkeras"),
    "import tensorflow, keras": lambda _: process("-c", "import tensorflow, keras"),
    "`score` of one photo, whole": lambda photos: process(
        "-m", "aesthkeras.score", first(photos), "--model=quality"
    ),
}


def serve(row: str, photos: Path) -> None:
    """Body of a stack's process: each line read is answered by the seconds of one round."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print goes elsewhere
    act = ROWS[row](photos)
    for _ in sys.stdin:
        start = time.perf_counter()
        act()
        print(time.perf_counter() - start, file=answers, flush=True)


def measure(row: str, pythons: list[str], photos: Path) -> np.ndarray:
    """Seconds, float64 `[rounds, stacks]`."""
    command = [__file__, f"--photos={photos}", f"--row={row}"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    processes = [subprocess.Popen([python, *command], **pipes) for python in pythons]
    seconds = []
    for _ in range(WARM_UP + ROUNDS):
        seconds.append([])
        for process in processes:
            print("", file=process.stdin, flush=True)
            seconds[-1].append(float(process.stdout.readline()))
    for process in processes:
        process.stdin.close()
        process.wait()
    return np.array(seconds[WARM_UP:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--classic", help="Python of an environment with TensorFlow 2.15 and Keras 2")
    parser.add_argument("--current", help="Python of an environment with TensorFlow 2.21 and Keras 3")
    parser.add_argument("--photos", type=Path, default=PHOTOS, help="folder of JPEGs")
    parser.add_argument("--row", choices=ROWS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.row:
        serve(arguments.row, arguments.photos)
        return
    print("| | classic, median ms | current, median ms | ratio, median | ratio, least and most |")
    print("|---|---|---|---|---|")
    from aesthkeras.training.precision import cpu_has_bfloat16

    for row in ROWS:
        if "bfloat16" in row and not cpu_has_bfloat16():
            continue
        seconds = measure(row, [arguments.classic, arguments.current], arguments.photos)
        classic, current = 1000 * np.median(seconds, axis=0)
        ratios = seconds[:, 0] / seconds[:, 1]
        spread = f"{ratios.min():.2f} to {ratios.max():.2f}"
        print(f"| {row} | {classic:.0f} | {current:.0f} | {np.median(ratios):.2f} | {spread} |", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    main()
