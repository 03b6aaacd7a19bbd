"""Speed of `prepare` beside a plain Pillow loop, and its memory for a million photos.

    python benchmarks/prepare.py speed FOLDER [photos, default 10000]
    python benchmarks/prepare.py memory [records, default 1000000]

`speed` prepares a folder of real photos, again and again under other ids up to that many photos, and times it
beside a loop that opens, resizes (bicubic) and encodes the same files with Pillow in a process pool of two.
All of `prepare` counts: shards, lists, the search for duplicates, the page. Three rounds alternate, medians
count; the goal is a ratio of 0.8 or more. Neither TensorFlow's import nor the start of the pool is counted;
a smaller first round brings the files into memory. Processor time per photo is printed beside: on a machine
that does something else meanwhile it is the number to trust.

`memory` plans, gathers and searches made-up records: their entries are written without decoding a photo, with
random hashes of which some are a few bits apart, and the examination gets as many paths of files that are not
there. The goal is a peak under 2 GB (ru_maxrss), TensorFlow included.
"""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import resource
import statistics
import sys
import tempfile
import time

EDGE, QUALITY = 256, 95
ROUNDS = 3
SPEED_GOAL, MEMORY_GOAL = 0.8, 2000  # ratio, MB


def pillow_photo(path: str) -> int:
    from PIL import Image

    with Image.open(path) as photo:
        photo = photo.convert("RGB")
        scale = EDGE / min(photo.size)
        size = (round(photo.width * scale), round(photo.height * scale))
        out = io.BytesIO()
        photo.resize(size, Image.Resampling.BICUBIC).save(out, "JPEG", quality=QUALITY)
    return len(out.getvalue())


def processor_seconds() -> float:
    """What this process and its children, the pool, have computed so far."""
    import psutil

    mine = psutil.Process()
    times = [process.cpu_times() for process in (mine, *mine.children())]
    return sum(each.user + each.system for each in times)


def speed(folder: str, count: int) -> None:
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    # the pool starts before TensorFlow, whose threads a fork would not copy
    with multiprocessing.Pool(2) as pool:
        from aesthkeras.datasets.record import DataSet, Record
        from aesthkeras.photos.sources import find_photos
        from aesthkeras.preparation.preparing import prepare
        from aesthkeras.preparation.settings import PreparationSettings

        found = find_photos(folder)
        settings = PreparationSettings(resize=EDGE, jpeg_quality=QUALITY)

        def pillow(paths: list[str]) -> None:
            assert len(pool.map(pillow_photo, paths, chunksize=8)) == len(paths)

        def ours(paths: list[str]) -> None:
            records = [Record(f"{number:06d}", path) for number, path in enumerate(paths)]
            with tempfile.TemporaryDirectory() as out:
                summary = prepare(DataSet("folder", records, left_out=[]), out, settings, progress=False)
                assert summary["photos"] == len(paths)

        for run in (ours, pillow):
            run(found)
        paths = [found[number % len(found)] for number in range(count)]
        rates: dict[str, list[float]] = {"prepare": [], "Pillow": []}
        busy = {"prepare": 0.0, "Pillow": 0.0}
        for _ in range(ROUNDS):
            for name, run in (("prepare", ours), ("Pillow", pillow)):
                start, worked = time.perf_counter(), processor_seconds()
                run(paths)
                rates[name].append(count / (time.perf_counter() - start))
                busy[name] += processor_seconds() - worked
    for name, each in rates.items():
        rounds = ", ".join(f"{rate:.0f}" for rate in each)
        spent = 1000 * busy[name] / (count * ROUNDS)
        print(
            f"{name:<10}{statistics.median(each):>8.0f} photos/s   ({rounds}); {spent:.2f} ms of a core each"
        )
    ratio = statistics.median(rates["prepare"]) / statistics.median(rates["Pillow"])
    reached = "reached" if ratio >= SPEED_GOAL else "missed"
    print(f"{count} photos; by processor time {busy['Pillow'] / busy['prepare']:.2f}")
    print(f"ratio {ratio:.2f}, goal at least {SPEED_GOAL}: {reached}")


def peak_megabytes() -> float:
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def memory(count: int) -> None:
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import numpy as np

    from aesthkeras.datasets.record import DataSet, Record
    from aesthkeras.photos.sources import sample_photos
    from aesthkeras.preparation import plan, preparing
    from aesthkeras.preparation.examination import examine
    from aesthkeras.preparation.settings import PreparationSettings

    chance = np.random.default_rng(0)
    last = time.perf_counter()

    def report(stage: str) -> None:
        nonlocal last
        now = time.perf_counter()
        print(f"{stage:<44}{now - last:>8.1f} s{peak_megabytes():>11.0f} MB", flush=True)
        last = now

    with tempfile.TemporaryDirectory() as folder:
        report(f"{count} photos; import TensorFlow")
        names = [f"n{number:08d}/photo_{number:08d}.jpg" for number in range(count)]
        records = [
            Record(
                name,
                f"/photos/{name}",
                "test" if number % 10 == 0 else "train",
                number % 997 / 100,
                (3, 14, 15, 92, 65),
                number % 2,
            )
            for number, name in enumerate(names)
        ]
        del names
        data_set = DataSet("csv", records, ("low", "high"), [], (0.0, 10.0))
        report("make the records")
        settings = PreparationSettings()
        planned = plan.plan_shards(records, settings.shard_photos)
        hashes = chance.integers(0, 2**64, count, np.uint64)
        copies = chance.integers(0, count, count // 50)
        hashes[copies] = hashes[chance.integers(0, count, count // 50)] ^ np.uint64(1 << 17)
        for shard in planned:
            write_entry(folder, shard, records, hashes, chance)
        report("write the entries of the shards")
        paths = [sample_photos()[0], *(record.path for record in records)]
        assert len(list(examine(paths, np.arange(len(paths)), settings))) == 1
        del paths
        report("send all paths through the examination")
        summary = preparing.prepare(data_set, folder, settings, progress=False)
        assert summary["photos"] == count
        report("prepare: plan, gather, search, summarize")
        print(f"duplicates: {json.dumps(summary['duplicates'])}")
    peak = peak_megabytes()
    print(f"peak {peak:.0f} MB, goal under {MEMORY_GOAL} MB: {'reached' if peak < MEMORY_GOAL else 'missed'}")


def write_entry(folder: str, shard, records, hashes, chance) -> None:  # type: ignore[no-untyped-def]
    """An entry and a shard of no bytes, as if the photos had been examined."""
    photos = len(shard.records)
    columns = {
        "id": [records[index].id for index in shard.records],
        "offset": [12] * photos,
        "length": [40_000] * photos,
        "content": [chance.bytes(32).hex() for _ in range(photos)],
        "height": chance.integers(200, 1000, photos).tolist(),
        "width": chance.integers(200, 1000, photos).tolist(),
        "file_bytes": [100_000] * photos,
        "perceptual": [f"{value:016x}" for value in hashes[shard.records]],
    }
    entry = {
        "file": f"{shard.name}.tfrecord",
        "photos": photos,
        "bytes": 0,
        "sha256": "0" * 64,
        "more_formats": False,
        "broken": [],
        "columns": columns,
    }
    open(f"{folder}/{shard.name}.tfrecord", "wb").close()
    with open(f"{folder}/{shard.name}.json", "w", encoding="utf-8") as out:
        json.dump(entry, out)


if __name__ == "__main__":
    if sys.argv[1:2] == ["memory"]:
        memory(int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)
    elif sys.argv[1:2] == ["speed"] and len(sys.argv) > 2:
        speed(sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 10_000)
    else:
        sys.exit(__doc__)
