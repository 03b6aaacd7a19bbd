"""Settings that every test process needs before TensorFlow starts, and fixtures of several rooms."""

from __future__ import annotations

import os

import pytest
import tensorflow as tf

# Two processes of tests share the machine: on one with a GPU neither may take all its memory.
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")

# TensorFlow's graph optimiser takes half of the time in which the decoder's graph is set up, anew for every
# dataset. What it makes of graphs is seen by the long tests and by the commands that tests start.
if "AESTHKERAS_LONG_TESTS" not in os.environ:
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves the long tests out, but where they are asked for: whole runs, and further cases of a kind."""
    if "AESTHKERAS_LONG_TESTS" in os.environ:
        return
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason="long: needs AESTHKERAS_LONG_TESTS"))


pytest_plugins = [
    "tests.pictures",
    "tests.rated_sets",
    "tests.exports",
    "tests.stores",
    "tests.probe_runs",
    "tests.scoring.gallery_pages",
    "tests.lite0_package",
]
