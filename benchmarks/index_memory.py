"""Peak memory of indexing and inspecting a folder of a million photos; the goal is under 1 GB.

    python benchmarks/index_memory.py [photos, default 1000000]

The folder holds hard links to tiny PNGs, 1000 to a subfolder, and is removed afterwards. Measured is what a
run does before its first step: find the photos, decode each once, hand their paths on as a tensor, and draw a
batch. Peak memory is the process's own high-water mark (ru_maxrss), import of TensorFlow included.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time

GOAL = 1000  # MB


def peak_megabytes() -> float:
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def make_folder(folder: str, photos: int) -> None:
    from PIL import Image

    for number in range(photos):
        subfolder = os.path.join(folder, f"n{number // 1000:08d}")
        path = os.path.join(subfolder, f"n{number // 1000:08d}_{number:07d}.PNG")
        if number % 1000 == 0:  # file systems limit the links to one file
            os.mkdir(subfolder)
            Image.new("RGB", (16, 16)).save(path)
            first = path
        else:
            os.link(first, path)


def report(stage: str, start: float) -> None:
    print(f"{stage:<44}{time.perf_counter() - start:>8.1f} s{peak_megabytes():>11.0f} MB")


def main() -> None:
    photos = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        make_folder(folder, photos)
        print(f"{f'{photos} photos':<44}{'time':>10}{'peak so far':>14}")
        start = time.perf_counter()
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        from aesthkeras.photos.inspection import inspect_photos
        from aesthkeras.photos.patches import patch_dataset
        from aesthkeras.photos.sources import find_photos

        report("import TensorFlow and the pipeline", start)
        start = time.perf_counter()
        paths = find_photos(folder)
        assert len(paths) == photos
        report("find the photos", start)
        start = time.perf_counter()
        with tempfile.TemporaryDirectory() as run_dir:
            photo_set = inspect_photos(paths, run_dir, progress=False)
        assert len(photo_set.paths) == photos
        report("fingerprint them and decode each once", start)
        start = time.perf_counter()
        iterator = iter(patch_dataset(photo_set, edge=256, crop=227, batch_size=64))
        next(iterator)
        report("hand the paths on, draw a batch", start)
        peak = peak_megabytes()
        print(f"peak {peak:.0f} MB, goal under {GOAL} MB: {'reached' if peak < GOAL else 'missed'}")


if __name__ == "__main__":
    main()
