"""Time per image of every degradation beside albumentations, OpenCV and numpy, with one thread and with two.

    python benchmarks/degradations.py [--photos=FOLDER] [--threads=1,2]

Both sides take uint8 and give uint8. Ours is one graph per class on a sub-batch as 64 patches make it;
theirs goes image by image, as those libraries do. Needs the extra `benchmark`.
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
from PIL import Image

from aesthkeras.degradations.table import CLASSES, DegradationClass

EDGE = 227
BATCH = 64
# Of 64 patches with three of ten operations each, 19 meet a given one.
SUB_BATCH = 19
PHOTOS = Path(__file__).resolve().parents[1] / "../shared/data/photos/bsds500"
Edit = Callable[[np.ndarray], np.ndarray]


def load(folder: Path) -> np.ndarray:
    """Cut one 227 px patch from each of 64 photos, or as often as needed from the scikit-image samples."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".png"))[:BATCH]
    if files:
        photos = [Image.open(path).convert("RGB") for path in files]
    else:
        from skimage import data

        samples = (data.astronaut, data.chelsea, data.coffee, data.rocket)
        photos = [Image.fromarray(sample()) for sample in samples]
    patches = []
    for photo in photos:
        scale = 256 / min(photo.size)
        photo = photo.resize([round(edge * scale) for edge in photo.size])
        patches.append(np.asarray(photo)[:EDGE, :EDGE])
    return np.stack([patches[number % len(patches)] for number in range(BATCH)])


def shuffle_blocks(image: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """PatchShuffle in numpy; neither library has it."""
    inner = EDGE // 4 * 4
    blocks = image[:inner, :inner].reshape(inner // 4, 4, inner // 4, 4, 3).swapaxes(1, 2).reshape(-1, 16, 3)
    chosen = np.flatnonzero(rng.random(len(blocks)) < share)
    order = rng.random((len(chosen), 16)).argsort(axis=1)
    blocks[chosen] = blocks[chosen[:, None], order]
    result = image.copy()
    cut = blocks.reshape(inner // 4, inner // 4, 4, 4, 3).swapaxes(1, 2)
    result[:inner, :inner] = cut.reshape(inner, inner, 3)
    return result


def their_edits(partner: np.ndarray) -> dict[str, tuple[str, Edit]]:
    """By class name: who does it, and how."""
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    import albumentations as alb
    import cv2

    rng = np.random.default_rng(0)
    turns = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}

    def through(transform: alb.BasicTransform) -> tuple[str, Edit]:
        return type(transform).__name__, lambda image: transform(image=image)["image"]

    def scaled(factor: float, back: int) -> tuple[str, Edit]:
        pair = {"downscale": cv2.INTER_AREA, "upscale": back}
        return through(alb.Downscale(scale_range=(1 / factor, 1 / factor), interpolation_pair=pair, p=1))

    def edit(name: str, value: float) -> tuple[str, Edit]:
        if name == "jpeg":
            return through(alb.ImageCompression(quality_range=(value, value), p=1))
        if name == "gaussian_noise":
            sigma = value**0.5 * 0.226
            return through(alb.GaussNoise(std_range=(sigma, sigma), p=1))
        if name == "rotation":
            return "cv2.rotate", lambda image: cv2.rotate(image, turns[int(value)])
        if name == "downsampling":
            return scaled(value, cv2.INTER_LINEAR)
        if name == "pixelation":
            return scaled(value, cv2.INTER_NEAREST)
        if name == "quantization":
            return through(alb.Posterize(num_bits=int(np.log2(value)), p=1))
        if name == "exposure":
            change = (value - 1, value - 1)
            return through(alb.RandomBrightnessContrast((0, 0), contrast_limit=change, p=1))
        if name == "gaussian_blur":
            sigma = value * EDGE / 100
            return through(alb.GaussianBlur(blur_limit=0, sigma_limit=(sigma, sigma), p=1))
        if name == "patch_shuffle":
            return "numpy", lambda image: shuffle_blocks(image, value, rng)
        return "cv2.addWeighted", lambda image: cv2.addWeighted(image, 1 - value, partner, value, 0)

    edits = {each.name: edit(each.operation, each.parameter) for each in CLASSES[1:]}
    edits["none"] = ("copy", np.copy)
    return edits


def best(*runs: Callable[[], object], repeats: int = 15) -> list[float]:
    """Return the least milliseconds of each of several runs, taken in turn, so that noise meets all alike."""
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(repeats + 1):
        for own, run in zip(times, runs):
            start = time.perf_counter()
            run()
            own.append(time.perf_counter() - start)
    # The first one builds the graph.
    return [min(own[1:]) * 1e3 for own in times]


def measure(folder: Path, threads: int) -> None:
    """Print the table for one number of threads; TensorFlow takes it only before it starts."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import cv2
    import tensorflow as tf

    from aesthkeras.degradations import DegradationSettings, Mixup, degrade, draw_classes, layer_of
    from aesthkeras.degradations.layer import to_eight_bit

    tf.config.set_visible_devices([], "GPU")
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    cv2.setNumThreads(threads)
    patches = load(folder)
    edits = their_edits(patches[1])
    codec = DegradationSettings(jpeg="codec")

    def ours(degradation: DegradationClass, settings: DegradationSettings = codec) -> Callable[[], object]:
        own, other = tf.constant(patches[:SUB_BATCH]), tf.constant(patches[-SUB_BATCH:])
        layer, seed = layer_of(degradation, settings), tf.constant([1, 2])

        @tf.function
        def graph(some: tf.Tensor, partners: tf.Tensor) -> tf.Tensor:
            # The batch finds the partners once for all alphas.
            if isinstance(layer, Mixup):
                return to_eight_bit(layer.edit(some, seed, partners))
            return to_eight_bit(layer.edit(some, seed))

        return lambda: graph(own, other)

    def theirs(edit: Edit) -> Callable[[], object]:
        return lambda: [edit(patch) for patch in patches[:SUB_BATCH]]

    print(f"\n{threads} thread(s), {EDGE} px, ms per image      ours    theirs    theirs / ours")
    pairs = []
    for degradation in CLASSES[1:]:
        who, edit = edits[degradation.name]
        pairs.append(np.array(best(ours(degradation), theirs(edit))) / SUB_BATCH)
        ours_ms, theirs_ms = pairs[-1]
        ratio = theirs_ms / ours_ms
        print(f"{degradation.name:20}{who:26}{ours_ms:8.3f}{theirs_ms:10.3f}{ratio:12.2f}", flush=True)
    ours_ms, theirs_ms = np.mean(pairs, axis=0)
    print(f"{'mean of 21 classes':46}{ours_ms:8.3f}{theirs_ms:10.3f}{theirs_ms / ours_ms:12.2f}")
    for degradation in CLASSES[1:3]:
        (dct_ms,) = best(ours(degradation, DegradationSettings(jpeg="dct")))
        print(f"{degradation.name + ', DCT form':46}{dct_ms / SUB_BATCH:8.3f}")

    classes = draw_classes(BATCH, 3, 2, tf.constant([3, 4]))
    graph = tf.function(lambda some, drawn: degrade(some, drawn, tf.constant([5, 6]), codec))
    some, views = tf.constant(patches), int(tf.size(classes))
    one_by_one = [[edits[CLASSES[index].name][1] for index in row] for row in classes.numpy()]

    def theirs_mixed() -> np.ndarray:
        return np.stack([[edit(patch) for edit in row] for patch, row in zip(patches, one_by_one)])

    ours_ms, theirs_ms = np.array(best(lambda: graph(some, classes), theirs_mixed)) / views
    print(f"{'batch of 64 x 7 views, per view':46}{ours_ms:8.3f}{theirs_ms:10.3f}{theirs_ms / ours_ms:12.2f}")
    print(f"{'  views per second':46}{1e3 / ours_ms:8.0f}{1e3 / theirs_ms:10.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, default=PHOTOS, help="folder of photos")
    parser.add_argument("--threads", default="1,2", help="numbers of threads, each in a process of its own")
    arguments = parser.parse_args()
    numbers = [int(number) for number in arguments.threads.split(",")]
    if len(numbers) == 1:
        measure(arguments.photos, numbers[0])
        return
    for number in numbers:
        command = [sys.executable, __file__, f"--photos={arguments.photos}", f"--threads={number}"]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
