"""SGD probes: seconds a step for five layers trained together, against one layer alone.

    PYTHONPATH=. python benchmarks/probes.py

One step is the frozen encoder's forward pass on a batch of 64 random patches that is already in memory,
pooling, and the update of the probes. All contenders take turns, so that a busy machine hurts each alike.
"""

from __future__ import annotations

import os
import time

import numpy as np
from absl import app, flags

FLAGS = flags.FLAGS
flags.DEFINE_float("width", 1.0, "Channel multiplier of the encoder.")
flags.DEFINE_integer("crop", 227, "Patch edge in pixels.")
flags.DEFINE_integer("batch_size", 64, "Patches per step.")
flags.DEFINE_integer("rounds", 8, "Rounds over all contenders.")
flags.DEFINE_integer("steps", 2, "Steps per contender and round.")

ALL = ("conv1", "conv2", "conv3", "conv4", "conv5")


def contender(encoder, layers: tuple[str, ...], seeds: int, fractions: tuple[float, ...]):
    """A function that does one step."""
    import tensorflow as tf

    from aesthkeras.labelled.features import pooling_function
    from aesthkeras.probes.settings import ProbeRecipe
    from aesthkeras.probes.sgd import ProbeBank

    pooled = pooling_function(encoder, layers, "vissl")
    values = {layer: int(pooled.structured_outputs[layer].shape[-1]) for layer in layers}
    recipe = ProbeRecipe(solver="sgd", batch_size=FLAGS.batch_size)
    photos = 10 * FLAGS.batch_size
    banks = [
        ProbeBank(
            values,
            range(seeds),
            {k: k % 2 for k in range(int(photos * fraction))},
            recipe,
            dict.fromkeys(values, recipe.weight_decay),
        )
        for fraction in fractions
    ]
    generator = np.random.default_rng(0)
    shape = (FLAGS.batch_size, FLAGS.crop, FLAGS.crop, 3)
    patches = tf.constant(generator.integers(0, 256, shape, np.uint8))

    def step() -> None:
        features = pooled(patches)
        numbers = generator.integers(0, photos, FLAGS.batch_size)
        for bank in banks:
            bank.learn(features, numbers)
        banks[0].biases[layers[0]].numpy()

    return step


def main(_: list[str]) -> None:
    from aesthkeras.encoders import build_encoder

    encoder = build_encoder("alexnet", input_size=FLAGS.crop, width=FLAGS.width)
    contenders = {f"{layer} alone": contender(encoder, (layer,), 1, (1.0,)) for layer in ALL}
    contenders["five layers"] = contender(encoder, ALL, 1, (1.0,))
    contenders["five layers, three seeds"] = contender(encoder, ALL, 3, (1.0,))
    contenders["five layers, fractions 0.1, 0.5, 1"] = contender(encoder, ALL, 1, (0.1, 0.5, 1.0))
    for step in contenders.values():
        for _ in range(3):
            step()
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(FLAGS.rounds):
        for name, step in contenders.items():
            for _ in range(FLAGS.steps):
                start = time.perf_counter()
                step()
                seconds[name].append(time.perf_counter() - start)
    alone = float(np.median(seconds["conv5 alone"]))
    print(f"batch {FLAGS.batch_size}, {FLAGS.crop} px, width {FLAGS.width:g}")
    print(f"{'':38}{'ms a step':>10}  times conv5 alone")
    for name, times in seconds.items():
        print(f"{name:38}{1000 * np.median(times):10.1f}{np.median(times) / alone:10.2f}")


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    app.run(main)
