"""The paper's data sets at their full count, of hard links to a few photos: seconds and memory of each step.

    PYTHONPATH=. python benchmarks/full_count.py --dataset=ava
    PYTHONPATH=. python benchmarks/full_count.py --dataset=imagenet

A tree of the published layout, 255,530 photos of AVA or 1,281,167 of ImageNet's 1000 classes, is made of
20,000 small photos and hard links to them. Every step is a process of its own, as a person runs it. Peak
memory is its high-water mark (ru_maxrss), TensorFlow's import included.

prepare       reads the lists, examines every photo, writes shards, looks for duplicates, writes the page
first batch   `pretrain`'s input from these shards until the first batch of 64 patches has come

Small photos make it quick: memory depends on how many there are, not on their size. What decoding real ones
takes is in the section on `prepare`.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

AVA, IMAGENET, CLASSES = 255_530, 1_281_167, 1000
DIFFERENT, EDGE = 20_000, 64  # photos of their own, and their shorter edge

FIRST_BATCH = """
import sys
from aesthkeras.photos.patches import patch_dataset
from aesthkeras.photos.shard_index import find_index
from aesthkeras.photos.shard_photos import shard_photos

photos = shard_photos(find_index(sys.argv[1]), sys.argv[2], edge=64)
batch = next(iter(patch_dataset(photos, 64, 56, 64, seed=0)))
assert batch["patches"].shape == (64, 56, 56, 3)
print(len(photos.paths), "photos")
"""


def make_photos(folder: Path) -> list[Path]:
    """Crops of a photo that scikit-image installs, each with its own noise, so that none are alike."""
    import numpy as np
    from PIL import Image

    from aesthkeras.photos.sources import sample_photos

    with Image.open(sample_photos()[0]) as photo:
        pixels = np.asarray(photo.convert("RGB").resize((512, 512)), np.int16)
    chance, paths = np.random.default_rng(0), []
    for number in range(DIFFERENT):
        top, left = chance.integers(0, 512 - EDGE - 16, 2)
        coarse = chance.integers(-60, 60, (5, 5, 3))
        crop = pixels[top : top + EDGE, left : left + EDGE + 16] + coarse.repeat(13, 0)[:EDGE].repeat(16, 1)
        path = folder / f"{number}.jpg"
        Image.fromarray(np.clip(crop, 0, 255).astype(np.uint8)).save(path, quality=85)
        paths.append(path)
    return paths


def make_ava(root: Path, photos: list[Path]) -> None:
    images = root / "images"
    images.mkdir(parents=True)
    chance, lines = random.Random(0), []
    for number in range(1, AVA + 1):
        os.link(photos[number % DIFFERENT], images / f"{number}.jpg")
        counts = " ".join(str(chance.randint(0, 60)) for _ in range(10))
        lines.append(f"{number} {number} {counts} 1 22 {number % 1396}\n")
    (root / "AVA.txt").write_text("".join(lines))
    lists = root / "aesthetics_image_lists"
    lists.mkdir()
    tested = [str(number) for number in range(1, AVA + 1, 13)][:19_930]
    (lists / "generic_test.jpgl").write_text("\n".join(tested) + "\n")


def make_imagenet(root: Path, photos: list[Path]) -> None:
    for label in range(CLASSES):
        (root / "train" / f"n{label:08d}").mkdir(parents=True)
    for number in range(IMAGENET):
        name = f"n{number % CLASSES:08d}"
        os.link(photos[number % DIFFERENT], root / "train" / name / f"{name}_{number}.JPEG")


def measured(name: str, command: list[str]) -> None:
    """Runs a command as a process of its own and prints what it took."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True)
    said = process.stdout.read() if process.stdout else ""
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{name} failed")
    seconds, peak = time.perf_counter() - start, used.ru_maxrss * 1024 / 1e6
    busy = used.ru_utime + used.ru_stime
    print(f"{name:<16}{seconds:>9.1f} s{busy:>9.1f} processor s{peak:>8.0f} MB   {said.strip()}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", choices=["ava", "imagenet"], required=True)
    parser.add_argument("--folder", help="where the tree is made; a temporary folder unless given")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        own, root, out = Path(folder) / "own", Path(folder) / "tree", Path(folder) / "shards"
        own.mkdir()
        start = time.perf_counter()
        photos = make_photos(own)
        {"ava": make_ava, "imagenet": make_imagenet}[arguments.dataset](root, photos)
        print(f"made in {time.perf_counter() - start:.0f} s", flush=True)
        flags = [f"--dataset={arguments.dataset}", f"--data_dir={root}", f"--out={out}", f"--resize={EDGE}"]
        measured("import", ["-c", "import tensorflow"])
        measured("prepare", ["-m", "aesthkeras.prepare", *flags])
        measured("first batch", ["-c", FIRST_BATCH, str(out), folder])


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    main()
