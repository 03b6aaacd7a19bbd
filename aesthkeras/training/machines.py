"""Which of several machines this is, as TF_CONFIG tells TensorFlow. This file imports no TensorFlow."""

from __future__ import annotations

import json
import os
from typing import Any

from aesthkeras.errors import UsageError, first_line

TF_CONFIG = "TF_CONFIG"


def is_chief() -> bool:
    """Whether this process writes the run folder; of several machines one does."""
    return machine() == 0


def machines() -> int:
    """How many processes train together, as TF_CONFIG says; 1 without it."""
    cluster, _ = _read()
    return max(1, sum(map(len, cluster.values())))


def machine() -> int:
    """Which of the machines this process is, from 0 on; the chief is the first."""
    cluster, task = _read()
    if machines() < 2 or task["type"] == "chief":
        return 0
    return len(cluster.get("chief", [])) + int(task["index"])


def _read() -> tuple[dict[str, list[str]], dict[str, Any]]:
    """The addresses of the machines by kind, and which of them this is.

    Raises:
        UsageError: TF_CONFIG is not as TensorFlow's guide has it, or names other kinds than chief and worker.
    """
    text = os.environ.get(TF_CONFIG, "").strip()
    try:
        said = json.loads(text) if text else {}
        cluster, task = said.get("cluster", {}), said.get("task", {})
        several = sum(len(list(cluster[kind])) for kind in cluster) > 1
        if not set(cluster) <= {"chief", "worker"} or not all(
            isinstance(one, list) for one in cluster.values()
        ):
            raise ValueError("cluster: chief and worker have lists of addresses, and there are no others")
        if several and not 0 <= int(task.get("index", 0)) < len(cluster[task["type"]]):
            raise ValueError("task: there is no machine of this index")
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise UsageError(
            f"{TF_CONFIG}: expected what TensorFlow's guide says, in JSON ({first_line(error)})"
        ) from error
    return cluster, {"index": 0, **task}
