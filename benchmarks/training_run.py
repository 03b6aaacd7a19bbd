"""Input wait, speed and resident memory of pre-training itself, epoch by epoch.

    python benchmarks/training_run.py --photos ../shared/data/photos
    python benchmarks/training_run.py --photos ../shared/data/photos --width 0.5 --crop 131 --epochs 8

Costs: at full size about three minutes on two cores. The first epoch compiles and warms up.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import tempfile

import keras
import psutil

from aesthkeras.monitoring.callbacks import Throughput
from aesthkeras.photos.inspection import inspect_photos
from aesthkeras.photos.sources import find_photos
from aesthkeras.pretext.feeding import patch_stream, step_dataset
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.tasks.degradation.task import DegradationOptions, DegradationTask
from aesthkeras.pretext.training import build_model
from aesthkeras.training.input_wait import with_input_wait


class Row(keras.callbacks.Callback):
    """Prints a line of the table after each epoch."""

    def on_epoch_end(self, epoch, logs=None):
        resident = psutil.Process(os.getpid()).memory_info().rss / 2**20
        print(
            f"| {epoch + 1:5d} | {logs['images_per_second']:15.1f} "
            f"| {100 * logs['input_wait']:10.2f} | {resident:12.0f} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", default="samples")
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--crop", type=int, default=227)
    parser.add_argument("--batch_size", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--steps", type=int, default=12, help="steps an epoch of the benchmark")
    parser.add_argument("--cache", default="none", choices=["none", "memory", "disk"])
    arguments = parser.parse_args()
    recipe = dataclasses.replace(
        Recipe(), width=arguments.width, resize=round(arguments.crop * 256 / 227), crop=arguments.crop,
        batch_size=arguments.batch_size,
    )  # fmt: skip
    task = DegradationTask(DegradationOptions(), recipe)
    with tempfile.TemporaryDirectory() as folder:
        photos = inspect_photos(find_photos(arguments.photos), folder, recipe.resize, arguments.cache)
        model = build_model(task, arguments.steps)
        print(f"width {recipe.width}, {recipe.crop} px, batch {recipe.batch_size}, cache {arguments.cache}")
        print("| epoch | images a second | input wait % | resident MiB |\n|---|---|---|---|")
        throughput = Throughput(recipe.batch_size * task.views_per_patch, model.input_wait)
        model.fit(
            with_input_wait(step_dataset(patch_stream(photos, task, 0), task)),
            epochs=arguments.epochs,
            steps_per_epoch=arguments.steps,
            callbacks=[throughput, Row()],
            verbose=0,
        )


if __name__ == "__main__":
    main()
