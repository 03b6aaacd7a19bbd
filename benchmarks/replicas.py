"""What sharing out a batch costs, and what waiting for the numbers of each step costs: steps of pre-training.

    PYTHONPATH=. nice -n -5 python benchmarks/replicas.py --photos ../shared/data/photos

Three ways take turns over the same task, photos and batch of 64 patches, which makes 448 views:

one      one replica, as `pretrain` runs it: no step waits for the numbers of the one before
waiting  the same with a callback that reads the numbers of every step, as all callbacks here once did
two      two replicas, each with half of the batch: logical devices that share this machine's cores

Medians of the seconds a step over the rounds, and ratios to `one` within each round. No GPU is seen here:
there a wait costs more, as the device stands still meanwhile, and two replicas are faster than one.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from collections.abc import Callable


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", default="samples")
    parser.add_argument("--width", type=float, default=0.25)
    parser.add_argument("--crop", type=int, default=131)
    parser.add_argument("--steps", type=int, default=8, help="steps of each way in a round")
    parser.add_argument("--rounds", type=int, default=6)
    arguments = parser.parse_args()

    import tensorflow as tf

    devices = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], devices)
    ways = {name: make_way(name, arguments) for name in ("one", "waiting", "two")}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(arguments.rounds + 1):
        for name, steps in ways.items():
            found = steps()
            if number:  # the first round compiles and warms up
                seconds[name].append(found)
    print("| | median seconds a step | one's time by it, median | least and most |\n|---|---|---|---|")
    for name, taken in seconds.items():
        ratios = [one / other for one, other in zip(seconds["one"], taken)]
        middle, spread = statistics.median(ratios), f"{min(ratios):.2f} to {max(ratios):.2f}"
        print(f"| {name} | {statistics.median(taken):.3f} | {middle:.2f} | {spread} |")


def make_way(name: str, arguments: argparse.Namespace) -> Callable[[], float]:
    """Model and input of one way; what is returned makes its steps and says the seconds of one."""
    import keras

    from aesthkeras.monitoring.callbacks import Throughput
    from aesthkeras.photos.inspection import inspect_photos
    from aesthkeras.photos.sources import find_photos
    from aesthkeras.pretext.feeding import patch_stream, shared_out, step_dataset
    from aesthkeras.pretext.recipe import Recipe
    from aesthkeras.pretext.tasks.degradation.task import DegradationOptions, DegradationTask
    from aesthkeras.pretext.training import build_model
    from aesthkeras.training.input_wait import with_input_wait
    from aesthkeras.training.replicas import replicas_strategy

    class Reader(keras.callbacks.Callback):
        """Reads the numbers of every step."""

        def on_train_batch_end(self, batch, logs=None):
            self.seen = {key: float(value) for key, value in logs.items()}

    resize = round(arguments.crop * 256 / 227)
    recipe = Recipe(width=arguments.width, crop=arguments.crop, resize=resize, precision="float32")
    strategy = replicas_strategy("2" if name == "two" else "1")
    with strategy.scope():
        task = DegradationTask(DegradationOptions(), recipe)
        with tempfile.TemporaryDirectory() as folder:
            photos = inspect_photos(find_photos(arguments.photos), folder, recipe.resize, "memory")
        model = build_model(task, arguments.steps, synchronized=name == "two")
        batches = shared_out(with_input_wait(step_dataset(patch_stream(photos, task, 0), task)))
    throughput = Throughput(task.images_per_step, model.input_wait)
    callbacks = [throughput, Reader()] if name == "waiting" else [throughput]

    def steps() -> float:
        with strategy.scope():
            epoch = model.fit(
                batches, steps_per_epoch=arguments.steps, callbacks=callbacks, verbose=0, shuffle=False
            )
        return task.images_per_step / epoch.history["images_per_second"][0]

    return steps


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    main()
