"""Views a core-second that the input of pre-training gives: read, decode, crop, degrade; no network.

    PYTHONPATH=. python benchmarks/input.py --photos ../shared/data/photos

Batches of 64 patches of 227 px by `flags/pretext.cfg`, 448 views each, on all cores. Processor seconds are
those of all threads, so that other work on the machine hardly counts; the clock is printed beside.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import tempfile
import time


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", default="samples")
    parser.add_argument("--batches", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()

    from aesthkeras.photos.inspection import inspect_photos
    from aesthkeras.photos.sources import find_photos
    from aesthkeras.pretext.feeding import patch_stream, step_dataset
    from aesthkeras.pretext.recipe import Recipe
    from aesthkeras.pretext.tasks.degradation.task import DegradationOptions, DegradationTask

    recipe = Recipe()
    task = DegradationTask(DegradationOptions(), recipe)
    ways = {}
    with tempfile.TemporaryDirectory() as folder:
        for cache in ("none", "memory"):
            photos = inspect_photos(find_photos(arguments.photos), f"{folder}", recipe.resize, cache)
            patches = patch_stream(photos, task, 0)
            ways[f"patches, cache {cache}"] = patches, 1
            ways[f"views, cache {cache}"] = step_dataset(patches, task), task.views_per_patch
    print("| | a core-second, median | least and most | a second |\n|---|---|---|---|")
    for name, (batches, each) in ways.items():
        iterator, rates, by_clock = iter(batches), [], []
        for _ in range(4):  # fills what is prefetched
            next(iterator)
        for _ in range(arguments.rounds):
            busy, start = processor_seconds(), time.perf_counter()
            for _ in range(arguments.batches):
                next(iterator)
            count = arguments.batches * recipe.batch_size * each
            rates.append(count / (processor_seconds() - busy))
            by_clock.append(count / (time.perf_counter() - start))
        spread = f"{min(rates):.0f} to {max(rates):.0f}"
        print(f"| {name} | {statistics.median(rates):.0f} | {spread} | {statistics.median(by_clock):.0f} |")


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    main()
