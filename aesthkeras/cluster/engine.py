"""Where photos are worked on: in this process, or on the machines of a Ray cluster that it joins."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from aesthkeras.cluster.workers import Cluster, loaded_ray
from aesthkeras.errors import UsageError, first_line
from aesthkeras.machine import usable_cores
from aesthkeras.settings import require, setting

ENGINES = ("local", "ray")
INSTALL_RAY = "expected the package ray: pip install 'aesthkeras[ray]'"
_CONNECT = 10.0  # seconds
_OBJECT_STORE = 256 << 20  # bytes; names and rows need little


@dataclass(frozen=True)
class EngineSettings:
    """Where photos are worked on."""

    engine: str = setting("local", "local: this process; ray: workers on the machines of a cluster", ENGINES)
    ray_address: str = setting(
        "", "HOST:PORT of the cluster's head; auto on one of its machines; empty starts Ray on this one alone"
    )
    ray_cores: int = setting(
        0,
        "threads of a worker, and without a GPU the cores that it takes; 0 is as many cores as this process "
        "may use, and gives its scores to the last digit",
    )

    def __post_init__(self) -> None:
        """Checks every flag; raises `UsageError` naming it."""
        is_ray = self.engine == "ray"
        require(self, "engine", self.engine in ENGINES, "local or ray")
        require(self, "ray_address", is_ray or not self.ray_address, "--engine=ray to go with it")
        is_address = re.fullmatch(r"|auto|[^/]+:\d+", self.ray_address) is not None
        require(self, "ray_address", is_address, "HOST:PORT of the cluster's head, or auto")
        require(self, "ray_cores", self.ray_cores >= 0, "at least 1 core a worker, or 0")
        if is_ray and importlib.util.find_spec("ray") is None:
            raise UsageError(f"engine=ray: {INSTALL_RAY}")


@contextlib.contextmanager
def joined(settings: EngineSettings) -> Iterator[Cluster | None]:
    """Join or start the cluster that the settings ask for, and leave it at the end; None for `local`.

    To be called before TensorFlow is imported: this process leaves the GPUs to the workers.

    Raises:
        UsageError: there is no cluster at that address, or none can be started.
    """
    if settings.engine == "local":
        yield None
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # a machine of its own counts the cores that this process may use, a cluster's those that it was given
    alone = {"num_cpus": usable_cores(), "object_store_memory": _OBJECT_STORE, "include_dashboard": False}
    ray = loaded_ray()
    try:
        host, _, port = settings.ray_address.rpartition(":")
        if host:  # Ray itself would try for minutes
            socket.create_connection((host, int(port)), _CONNECT).close()
        options = {} if settings.ray_address else alone
        ray.init(settings.ray_address or "local", log_to_driver=False, logging_level="ERROR", **options)
    except Exception as error:  # Ray's own has no narrower type
        if settings.ray_address:
            expected = "the address of a Ray cluster's head, started with this Ray and this Python"
            why = f"ray_address={settings.ray_address}: expected {expected}"
        else:
            why = "engine=ray: Ray does not start on this machine"
        raise UsageError(f"{why} ({first_line(error)})") from error
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    try:
        yield Cluster(settings.ray_cores or usable_cores())
    finally:
        ray.shutdown()
