"""Peak memory of the exact solver for one block of features, beyond the imports.

    PYTHONPATH=. python benchmarks/exact_memory.py [photos, default 20000] [values, default 1000]

The features are random and, as in a run, mapped from a file; nine tenths of the photos train, and there are
scores. Peak memory is the process's own high-water mark (ru_maxrss) less what the imports took. The pages of
the file that were read are in it, as they are for who watches the process.
"""

from __future__ import annotations

import resource
import sys
import tempfile

import numpy as np

VALUES_OF_A_BLOCK = 9600


def peak_bytes() -> int:
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> None:
    from aesthkeras.probes import exact

    photos = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    values = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    generator = np.random.default_rng(0)
    labels, scores = np.arange(photos) % 2, generator.random(photos)
    train, test = np.split(np.arange(photos), [photos * 9 // 10])
    with tempfile.NamedTemporaryFile() as file:
        features = np.memmap(file.name, np.float32, "w+", shape=(photos, values))
        for row in features:
            row[:] = generator.normal(size=values)
        features.flush()
        del features
        features = np.memmap(file.name, np.float32, "r", shape=(photos, values))
        before = peak_bytes()
        points = exact.coordinates(features[train], features[test])
        exact.fit_labels(points, labels[train], train)
        exact.fit_scores(points, scores[train], labels[train], train)
    used = (peak_bytes() - before) / (photos * values)
    print(f"{photos} photos x {values} values: {used:.1f} bytes a value, ", end="")
    print(f"{used * VALUES_OF_A_BLOCK / 1000:.0f} KB a photo of {VALUES_OF_A_BLOCK} values")


if __name__ == "__main__":
    main()
