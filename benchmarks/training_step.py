"""Training steps of AlexNet: images per second in Keras and PyTorch, and the share of matrix-product speed.

    python benchmarks/training_step.py

One step is forward, backward and a Nesterov update with weight decay on a batch that is already in memory,
for AlexNet with batch normalisation, embedding and 22-way head. Every contender lives in a process of its own
and the rounds are interleaved, so that a busy machine hurts all of them alike; those who wait sleep. About
two minutes on two cores; needs the ``benchmark`` extra.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

import numpy as np
from absl import app, flags

from aesthkeras.machine import usable_cores

FLAGS = flags.FLAGS
flags.DEFINE_integer("batch_size", 32, "Images per step.")
flags.DEFINE_integer("crop", 227, "Image edge in pixels.")
flags.DEFINE_integer("rounds", 6, "Rounds over all contenders.")
flags.DEFINE_integer("steps", 4, "Steps per contender and round.")
flags.DEFINE_integer("threads", 0, "Threads of each framework; 0 for all cores.")

CLASSES = 22
WEIGHT_DECAY = 5e-4
MATRIX_EDGE = 4096

Step = Callable[[], float]  # runs one step to its end and returns a number computed by it


def flop_per_image(crop: int) -> int:
    """Multiplications and additions of one image's training step in convolutions and dense layers.

    Backward costs a layer twice its forward: once for the kernel's gradient, once for the input's, which the
    first convolution does not need.
    """
    import keras

    encoder = keras_model(crop)
    total = 0
    for layer in encoder.layers:
        if isinstance(layer, keras.layers.Conv2D):
            positions = layer.output.shape[1] * layer.output.shape[2]
            forward = 2 * positions * int(np.prod(layer.kernel.shape))
            total += forward * (2 if layer.name == "conv1_convolution" else 3)
        elif isinstance(layer, keras.layers.Dense):
            total += 3 * 2 * int(np.prod(layer.kernel.shape))
    return total


def keras_model(crop: int):
    import keras

    from aesthkeras.encoders import AlexNet

    encoder = AlexNet(crop, weight_decay=WEIGHT_DECAY)
    logits = keras.layers.Dense(CLASSES, dtype="float32")(encoder.output["embedding"])
    return keras.Model(encoder.input, logits)


def keras_step(precision: str, batch_size: int, crop: int, threads: int) -> Step:
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    keras.mixed_precision.set_global_policy(precision)
    model = keras_model(crop)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True)
    pixels = tf.random.uniform((batch_size, crop, crop, 3), 0, 255)
    classes = tf.random.uniform((batch_size,), 0, CLASSES, tf.int32)

    @tf.function
    def step() -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = loss_of(classes, model(pixels, training=True)) + tf.add_n(model.losses)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        return loss

    return lambda: float(step())


def torch_step(precision: str, batch_size: int, crop: int, threads: int) -> Step:
    import torch
    from torch import nn

    torch.set_num_threads(threads or usable_cores())
    model = torch_model(crop).to(memory_format=torch.channels_last)
    kernels = [weight for weight in model.parameters() if weight.ndim > 1]
    others = [weight for weight in model.parameters() if weight.ndim == 1]
    groups = [{"params": kernels, "weight_decay": WEIGHT_DECAY}, {"params": others}]
    optimizer = torch.optim.SGD(groups, 0.01, momentum=0.9, nesterov=True)
    pixels = torch.randn(batch_size, 3, crop, crop).to(memory_format=torch.channels_last)
    classes = torch.randint(0, CLASSES, (batch_size,))

    def step() -> float:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            logits = model(pixels)
        loss = nn.functional.cross_entropy(logits.float(), classes)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def torch_model(crop: int):
    """The same network as ``aesthkeras.encoders.AlexNet`` at full width, with the head."""
    from torch import nn

    def convolution(before: int, after: int, kernel: int, stride: int, padding: int) -> list[nn.Module]:
        return [
            nn.Conv2d(before, after, kernel, stride, padding, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(inplace=True),
        ]

    edge = (crop - 11) // 4 + 1
    for _ in range(3):
        edge = (edge - 3) // 2 + 1
    return nn.Sequential(
        *convolution(3, 96, 11, 4, 0),
        nn.MaxPool2d(3, 2),
        *convolution(96, 256, 5, 1, 2),
        nn.MaxPool2d(3, 2),
        *convolution(256, 384, 3, 1, 1),
        *convolution(384, 384, 3, 1, 1),
        *convolution(384, 256, 3, 1, 1),
        nn.MaxPool2d(3, 2),
        nn.Flatten(),
        nn.Linear(256 * edge * edge, 512, bias=False),
        nn.BatchNorm1d(512),
        nn.ReLU(inplace=True),
        nn.Linear(512, CLASSES),
    )


def keras_product(precision: str, batch_size: int, crop: int, threads: int) -> Step:
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    matrix = tf.cast(tf.random.normal((MATRIX_EDGE, MATRIX_EDGE)), precision)
    product = tf.function(lambda: tf.matmul(matrix, matrix))
    return lambda: float(product()[0, 0])


def torch_product(precision: str, batch_size: int, crop: int, threads: int) -> Step:
    import torch

    torch.set_num_threads(threads or usable_cores())
    matrix = torch.randn(MATRIX_EDGE, MATRIX_EDGE, dtype=getattr(torch, precision))
    return lambda: (matrix @ matrix)[0, 0].item()


STEPS: dict[str, tuple[Callable[[str, int, int, int], Step], str]] = {
    "Keras float32": (keras_step, "float32"),
    "Keras mixed_bfloat16": (keras_step, "mixed_bfloat16"),
    "PyTorch float32 channels-last": (torch_step, "float32"),
    "PyTorch bfloat16 autocast": (torch_step, "bfloat16"),
}
PRODUCTS: dict[str, tuple[Callable[[str, int, int, int], Step], str]] = {
    "TensorFlow float32 product": (keras_product, "float32"),
    "TensorFlow bfloat16 product": (keras_product, "bfloat16"),
    "PyTorch float32 product": (torch_product, "float32"),
    "PyTorch bfloat16 product": (torch_product, "bfloat16"),
}


def serve(link: Connection, contender: str, batch_size: int, crop: int, threads: int) -> None:
    """Body of a contender's process: each number received is answered by the seconds of so many steps."""
    build, precision = {**STEPS, **PRODUCTS}[contender]
    step = build(precision, batch_size, crop, threads)
    for _ in range(2):
        step()
    link.send([])
    while count := link.recv():
        seconds = []
        for _ in range(count):
            start = time.perf_counter()
            step()
            seconds.append(time.perf_counter() - start)
        link.send(seconds)


def measure() -> dict[str, list[float]]:
    """Seconds of every timed step by contender, in interleaved rounds."""
    context = multiprocessing.get_context("spawn")
    links: dict[str, Connection] = {}
    processes = []
    for contender in (*STEPS, *PRODUCTS):
        links[contender], link = context.Pipe()
        arguments = (link, contender, FLAGS.batch_size, FLAGS.crop, FLAGS.threads)
        processes.append(context.Process(target=serve, args=arguments, daemon=True))
        processes[-1].start()
        links[contender].recv()
    seconds: dict[str, list[float]] = {contender: [] for contender in links}
    for _ in range(FLAGS.rounds):
        for contender, link in links.items():
            link.send(FLAGS.steps)
            seconds[contender] += link.recv()
    for link in links.values():
        link.send(0)
    for process in processes:
        process.join()
    return seconds


def main(_: list[str]) -> None:
    flop = flop_per_image(FLAGS.crop)
    seconds = measure()
    print(f"batch {FLAGS.batch_size}, {FLAGS.crop} px, {flop / 1e9:.2f} GFLOP per image and step")
    print(f"{'matrix product, edge ' + str(MATRIX_EDGE):32}{'best':>8}{'median':>8}  GFLOP/s")
    for contender in PRODUCTS:
        best, median = min(seconds[contender]), float(np.median(seconds[contender]))
        print(f"{contender:32}{2e-9 * MATRIX_EDGE**3 / best:8.0f}{2e-9 * MATRIX_EDGE**3 / median:8.0f}")
    print(f"{'training step':32}{'best':>8}{'median':>8}  images/s; best GFLOP/s; share of the best product")
    for contender in STEPS:
        kind = "bfloat16" if "bfloat16" in contender else "float32"
        product = min(min(seconds[name]) for name in PRODUCTS if kind in name)
        speed = flop * FLAGS.batch_size / min(seconds[contender]) / 1e9
        share = speed / (2e-9 * MATRIX_EDGE**3 / product)
        best, median = min(seconds[contender]), float(np.median(seconds[contender]))
        print(
            f"{contender:32}{FLAGS.batch_size / best:8.1f}{FLAGS.batch_size / median:8.1f}"
            f"{speed:10.0f}{share:10.0%}"
        )
    print(f"{'Keras mixed_bfloat16 against':32}{'best':>8}{'median':>8}")
    ours = seconds["Keras mixed_bfloat16"]
    for contender in STEPS:
        theirs = seconds[contender]
        print(f"{contender:32}{min(theirs) / min(ours):8.2f}{np.median(theirs) / np.median(ours):8.2f}")


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    app.run(main)
