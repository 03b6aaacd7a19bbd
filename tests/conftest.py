"""Settings that every test process needs before TensorFlow starts, and fixtures of several rooms."""

from __future__ import annotations

import os

# Two processes of tests share the machine: on one with a GPU neither may take all its memory.
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")

pytest_plugins = ["tests.pictures", "tests.rated_sets", "tests.exports", "tests.stores", "tests.probe_runs"]
