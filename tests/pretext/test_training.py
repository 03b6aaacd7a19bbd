"""The views dataset on a second device, and what a mixed or missing checkpoint does."""

from __future__ import annotations

import subprocess
import sys

# A second logical CPU stands for the GPU: the copy, the placement and the dataset ops are the same.
SECOND_DEVICE = """
import numpy as np
import tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
second = tf.config.list_logical_devices("CPU")[1]
from aesthkeras.pretext import training
from aesthkeras.pretext.degradation import DegradationOptions, DegradationTask
from aesthkeras.pretext.recipe import Recipe
from skimage import data

photo = data.astronaut()
crops = tf.constant(np.stack([photo[40 * i : 40 * i + 96, 60:156] for i in range(4)]))
batches = tf.data.Dataset.range(3).map(
    lambda step: {
        "patches": crops,
        "photo": tf.range(4, dtype=tf.int64),
        "seed": tf.stack([0, tf.cast(step, tf.int32)]),
    }
)
recipe, options = Recipe(crop=96), DegradationOptions(jpeg="dct")
here = list(training.views_dataset(batches, DegradationTask(options, recipe, "cpu")))
training.gpu_name = lambda: second.name
there = list(training.views_dataset(batches, DegradationTask(options, recipe, "gpu")))
assert len(here) == len(there) == 3
for one, other in zip(here, there):
    np.testing.assert_array_equal(one["classes"], other["classes"])
    np.testing.assert_array_equal(one["views"], other["views"])
assert "CPU:1" in there[0]["views"].device, there[0]["views"].device
"""


def test_views_made_on_a_second_device_equal_those_made_on_the_first():
    result = subprocess.run(
        [sys.executable, "-c", SECOND_DEVICE], capture_output=True, text=True, check=False, timeout=200
    )
    assert result.returncode == 0, result.stderr[-3000:]
