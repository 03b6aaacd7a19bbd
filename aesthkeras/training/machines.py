"""Which of several machines this is, as TF_CONFIG tells TensorFlow. This file imports no TensorFlow."""

from __future__ import annotations

import json
import os
from typing import Any

from aesthkeras.errors import UsageError

TF_CONFIG = "TF_CONFIG"


def is_chief() -> bool:
    """Whether this process writes the run folder; of several machines one does."""
    return machine() == 0


def machines() -> int:
    """How many processes train together, as TF_CONFIG says; 1 without it."""
    cluster = _tf_config().get("cluster", {})
    return max(1, len(cluster.get("chief", [])) + len(cluster.get("worker", [])))


def machine() -> int:
    """Which of the machines this process is, from 0 on; the chief is the first."""
    task = _tf_config().get("task", {})
    chiefs = len(_tf_config().get("cluster", {}).get("chief", []))
    if machines() < 2 or task.get("type") == "chief":
        return 0
    return chiefs + int(task.get("index", 0))


def _tf_config() -> dict[str, Any]:
    text = os.environ.get(TF_CONFIG, "")
    try:
        said = json.loads(text) if text.strip() else {}
        if not isinstance(said, dict) or not isinstance(said.get("cluster", {}), dict):
            raise ValueError("it is no dict")
    except ValueError as error:
        raise UsageError(f"{TF_CONFIG}: expected what TensorFlow's guide says, in JSON ({error})") from error
    return said
