"""Scoring by `--engine=ray` beside local scoring: photos a second, from file to row.

    PYTHONPATH=. python benchmarks/ray_engine.py --photos=../shared/data/clive

Four ways take turns, so that a busy machine hurts each alike: this process on two cores; one Ray node of two
cores; one of one core; two of one core each, each bound to its core. The nodes are processes on this
machine.
Start-up is left out: a rate counts the photos after the first job of 128 photos, and is printed beside the
seconds until then. For Ray these hold the start of its workers (TensorFlow, the network).
Ray's workers get this process's priority; otherwise they give way to all else (nice 15). Processor time for
each photo, of this process and of all that Ray runs, is printed beside: on a machine that does something else
meanwhile it is the number to trust.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Iterator

from absl import app, flags

FLAGS = flags.FLAGS
flags.DEFINE_string("model", "quality", "The scorer.")
flags.DEFINE_string("photos", "", "Folder of photos.")
flags.DEFINE_integer("most", 698, "Photos of it.")
flags.DEFINE_integer("rounds", 2, "Rounds over the four ways.")

# name -> cores of each node
WAYS = {
    "local, 2 cores": None,
    "Ray, 1 node of 2 cores": [{0, 1}],
    "Ray, 1 node of 1 core": [{0}],
    "Ray, 2 nodes of 1 core": [{0}, {1}],
}


def processor_seconds() -> float:
    """What this process and all below it have computed so far."""
    import psutil

    mine = psutil.Process()
    times = [process.cpu_times() for process in (mine, *mine.children(recursive=True))]
    return sum(each.user + each.system for each in times)


def rate(rows: Iterator[list], first: int) -> tuple[float, float, float]:
    """Seconds until so many photos are done; photos a second after them, and ms of a core for each."""
    start, done, counted, since, worked = time.perf_counter(), 0, 0, 0.0, 0.0
    spent = taken = 0.0
    for some in rows:
        done += len(some)
        if not since and done >= first:
            since, counted, worked = time.perf_counter(), done, processor_seconds()
        elif since:
            taken, spent = time.perf_counter() - since, processor_seconds() - worked
    return since - start, (done - counted) / taken, 1000 * spent / (done - counted)


def by_ray(nodes: list[set[int]], network, paths: list[str]) -> tuple[float, float, float]:
    from ray.cluster_utils import Cluster

    from aesthkeras.cluster.engine import EngineSettings, joined
    from aesthkeras.scoring.on_cluster import PHOTOS_OF_A_JOB, ScoringOnCluster
    from aesthkeras.scoring.scoring import ScoringChoices

    all_cores = os.sched_getaffinity(0)
    cluster = Cluster()
    for number, cores in enumerate(nodes):
        os.sched_setaffinity(0, cores)
        # the head's own dashboard would take a share of a core
        head = {} if number else {"include_dashboard": False}
        cluster.add_node(num_cpus=len(cores), **head)
    os.sched_setaffinity(0, all_cores)
    with joined(EngineSettings("ray", cluster.address, len(nodes[0]))) as workers:
        score = ScoringOnCluster(workers, FLAGS.model, in_order=False)
        found = rate(score(network, [paths], ScoringChoices()), PHOTOS_OF_A_JOB)
    cluster.shutdown()
    return found


def main(_: list[str]) -> None:
    from aesthkeras.networks.export import Export
    from aesthkeras.photos.sources import find_photos
    from aesthkeras.scoring.network import ScoringNetwork
    from aesthkeras.scoring.on_cluster import PHOTOS_OF_A_JOB
    from aesthkeras.scoring.scoring import ScoringChoices, score_lists

    network = ScoringNetwork(Export.open(FLAGS.model))
    paths = find_photos(FLAGS.photos)[: FLAGS.most]
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in WAYS}
    for number in range(FLAGS.rounds):
        for name, nodes in WAYS.items():
            rows = score_lists(network, [paths], ScoringChoices())
            first, photos, core = by_ray(nodes, network, paths) if nodes else rate(rows, PHOTOS_OF_A_JOB)
            found[name].append((photos, core))
            print(
                f"round {number}: {name:24} {photos:7.2f} photos/s, {core:.1f} ms of a core each; "
                f"the first job after {first:.1f} s",
                flush=True,
            )
    local = [statistics.median(each) for each in zip(*found["local, 2 cores"])]
    for name, rates in found.items():
        photos, core = (statistics.median(each) for each in zip(*rates))
        print(
            f"{name:24} {photos:7.2f} photos/s median, {photos / local[0]:.2f} of local; "
            f"{core:.1f} ms of a core each, local's is {local[1] / core:.2f} of it"
        )


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    os.environ.setdefault("RAY_worker_niceness", "0")
    sys.exit(app.run(main))
