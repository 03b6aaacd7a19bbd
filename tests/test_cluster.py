"""Photos on a cluster: three Ray nodes, each with processes of its own, one of which is killed at work.

Where Ray is installed (`pip install '.[test,ray]'`) this is part of the suite; `.ci/run` installs it
for these tests alone, after the others. They take some 90 seconds on two cores. Elsewhere most are skipped.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from aesthkeras.cluster.engine import EngineSettings, joined
from aesthkeras.datasets.find import read_dataset
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.errors import UsageError
from aesthkeras.networks.export import Export
from aesthkeras.photos.sources import sample_photos
from aesthkeras.preparation.preparing import prepare
from aesthkeras.preparation.settings import PreparationSettings
from aesthkeras.scoring.listing import list_photos
from aesthkeras.scoring.network import ScoringNetwork
from aesthkeras.scoring.output import write_scores
from aesthkeras.scoring.scoring import ScoringChoices
from aesthkeras.settings import flag_values

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed: pip install 'aesthkeras[ray]'"
)
LOST = "is lost; the others do its work"
COPIES = 1000


@pytest.fixture(scope="module")
def cluster() -> Iterator:
    """Three nodes of one core each."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # by default Ray's workers give way to all else on the machine
    os.environ.setdefault("RAY_worker_niceness", "0")
    from ray.cluster_utils import Cluster

    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    for _ in range(2):
        nodes.add_node(num_cpus=1)
    yield nodes
    nodes.shutdown()


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    """Copies of four photos as hard links, a broken file, a name that is no UTF-8."""
    folder = tmp_path_factory.mktemp("photos")
    for number, name in enumerate(("astronaut", "china", "coffee", "flower")):
        path = next(path for path in sample_photos() if name in path)
        Image.open(path).convert("RGB").resize((840, 600)).save(folder / f"{number}.jpg")
    for number in range(4, COPIES):
        os.link(folder / f"{number % 4}.jpg", folder / f"{number}.jpg")
    (folder / "text.jpg").write_text("no photo")
    return folder


def flags_of(cluster) -> list[str]:
    return ["--engine=ray", f"--ray_address={cluster.address}"]


def started(name: str, *arguments: str, **options) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", f"aesthkeras.{name}", *arguments], stderr=subprocess.PIPE, text=True, **options
    )


def is_at_work(node) -> bool:
    """Whether a worker of that node is doing a job: Ray's processes have what they do as their title."""
    (raylet,) = node.all_processes["raylet"]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            title = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == raylet.process.pid and title.startswith(b"ray::_Worker.work"):
            return True
    return False


def kill_one_at_work(cluster, process: subprocess.Popen[str]) -> None:
    """Kill a node that is not the head, with SIGKILL, as soon as its worker is doing a job."""
    deadline = time.monotonic() + 150
    at_work = []
    while not at_work:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
        at_work = [node for node in cluster.worker_nodes if is_at_work(node)]
    cluster.remove_node(at_work[0], allow_graceful=False)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.skipif(importlib.util.find_spec("ray") is not None, reason="Ray is installed")
def test_without_ray_one_line_names_the_extra(tmp_path):
    for name in ("score", "prepare"):
        rest = ["--model=quality"] if name == "score" else ["--data_dir=samples"]
        with started(name, "--engine=ray", f"--out={tmp_path / 'out.csv'}", *rest) as process:
            said = process.communicate(timeout=60)[1]
        assert process.returncode == 2
        assert said == "aesthkeras: --engine=ray: expected the package ray: pip install 'aesthkeras[ray]'\n"


def test_wrong_flags_are_named():
    for wrong, flag in (
        ({"engine": "spark"}, "engine=spark"),
        ({"ray_address": "head:6379"}, "ray_address=head:6379: expected --engine=ray"),
        (
            {"engine": "ray", "ray_address": "ray://head:10001"},
            "ray_address=ray://head:10001: expected HOST:PORT of",
        ),
        ({"engine": "ray", "ray_cores": -1}, "ray_cores=-1"),
    ):
        with pytest.raises(UsageError, match=flag):
            EngineSettings(**wrong)


def test_ray_is_not_imported_by_local_work():
    code = (
        "import sys; from aesthkeras.cluster.engine import EngineSettings, joined\n"
        "with joined(EngineSettings()) as cluster: assert cluster is None and 'ray' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@needs_ray
def test_rows_are_those_of_local_work_though_a_node_is_killed(
    cluster, photos, scorer_export, tmp_path, monkeypatch
):
    # named relative to the working folder, and by the bytes of a name that is no UTF-8
    os.link(photos / "0.jpg", os.fsencode(photos) + b"/caf\xe9.jpg")
    monkeypatch.chdir(photos.parent)
    network = ScoringNetwork(Export.open(scorer_export))
    write_scores(
        network, list_photos([photos.name], None), tmp_path / "local.csv", "csv", "", ScoringChoices()
    )
    flags = [f"--model={scorer_export}", f"--out={tmp_path / 'ray.csv'}", *flags_of(cluster)]
    with started("score", photos.name, *flags) as process:
        kill_one_at_work(cluster, process)
        said = process.communicate(timeout=200)[1]
    assert process.returncode == 0, said[-3000:]
    assert LOST in said and f"{COPIES + 2:,} photos" in said
    assert (tmp_path / "ray.csv").read_bytes() == (tmp_path / "local.csv").read_bytes()
    os.remove(os.fsencode(photos) + b"/caf\xe9.jpg")


@needs_ray
def test_shards_are_those_of_local_work_though_command_and_node_are_killed(cluster, photos, tmp_path):
    cluster.add_node(num_cpus=1)
    settings, choices = PreparationSettings(resize=64, shard_photos=20), DatasetSettings()
    data_set = read_dataset("folder", str(photos), choices)
    prepare(data_set, str(tmp_path / "local"), settings, flag_values(choices), photos.name)
    flags = [f"--data_dir={photos}", f"--out={tmp_path / 'ray'}", "--resize=64", "--shard_photos=20"]
    with started("prepare", *flags, *flags_of(cluster)) as process:
        deadline = time.monotonic() + 150
        while len(list((tmp_path / "ray").glob("all*.json"))) < 3:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
    finished = {path: path.stat() for path in (tmp_path / "ray").glob("all*.json")}
    assert 3 <= len(finished) < 50
    with started("prepare", *flags, *flags_of(cluster)) as process:
        kill_one_at_work(cluster, process)
        said = process.communicate(timeout=200)[1]
    assert process.returncode == 0, said[-3000:]
    assert LOST in said
    for path, before in finished.items():
        assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert contents(tmp_path / "ray") == contents(tmp_path / "local")


@needs_ray
def test_every_job_is_answered_once_and_a_mistake_is_the_workers_own_words(cluster):
    def make():
        def work(job: int) -> int:
            if job == 77:
                raise UsageError("job=77: expected another")
            return job * job

        return work

    with joined(EngineSettings("ray", cluster.address)) as workers:
        assert sorted(workers.spread(make, range(60))) == [(job, job * job) for job in range(60)]
        assert list(workers.spread(make, [])) == []
        with pytest.raises(UsageError, match="^job=77: expected another$"):
            list(workers.spread(make, range(70, 80)))


@needs_ray
def test_a_job_that_kills_its_workers_ends_the_run(cluster):
    def make():
        return lambda job: os._exit(1) if job == b"bad.jpg" else job

    expected = pytest.raises(UsageError, match="5 workers died of the same job.*bad.jpg")
    with joined(EngineSettings("ray", cluster.address)) as workers, expected:
        list(workers.spread(make, [b"good.jpg", b"bad.jpg"]))


@needs_ray
def test_an_address_without_a_cluster_is_a_mistake():
    expected = pytest.raises(UsageError, match="ray_address=127.0.0.1:1: expected the address")
    with expected, joined(EngineSettings("ray", "127.0.0.1:1")):
        pass
