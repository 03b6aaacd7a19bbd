"""The whole training step on a GPU, by TensorFlow's registry: views, forward, backward and metrics.

It cannot show what a GPU rounds differently, nor how fast it is.
"""

from __future__ import annotations

import pytest
import tensorflow as tf

from aesthkeras.pretext.color_bins import COLOR_BINS
from aesthkeras.pretext.model import SEEDS
from aesthkeras.pretext.options import task_names, task_options
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.task import find_task
from aesthkeras.pretext.training import build_model
from tests.gpu_kernels import in_host_memory, nodes_of, without_gpu_kernel

pytestmark = pytest.mark.skipif(
    not tf.test.is_built_with_cuda(), reason="this TensorFlow knows no GPU kernels"
)
FACTS = {
    "colorization": {"color_prior": [1 / COLOR_BINS] * COLOR_BINS},
    "labels": {"classes": ["a", "b"], "labels": [0, 1] * 8},
}
# Sizes, seeds, shapes and addresses, which the host knows; no pixel, activation or gradient is among them.
OF_SIZES = {"Pack", "Range", "Fill", "ShapeN", "Shape", "Size", "StatelessRandomGetKeyCounter", "Tile"}


@pytest.mark.parametrize(
    ("name", "optimizer"),
    [
        pytest.param(name, optimizer, marks=[pytest.mark.long] if name != "degradation" else [])
        for name, optimizer in [*((name, "sgd") for name in task_names()), ("counting", "adam")]
    ],
)
def test_every_operation_of_the_step_has_a_gpu_kernel(name, optimizer):
    task = find_task(name)(
        task_options(name)(),
        Recipe(crop=96, resize=104, width=0.125, batch_size=16, precision="float32", optimizer=optimizer),
        "gpu",
    )
    if name in FACTS:
        task.recall(FACTS[name])
    model = build_model(task, 100)
    edge = task.patch_edge
    patches = {
        "patches": tf.TensorSpec([16, edge, edge, 3], tf.uint8),
        "photo": tf.TensorSpec([16], tf.int64),
        SEEDS: tf.TensorSpec([16, 2], tf.int32),
    }
    nodes = nodes_of(tf.function(model.train_step).get_concrete_function(patches))
    assert len(nodes) > 900
    assert without_gpu_kernel(nodes) == {}
    assert set(in_host_memory(nodes)) & OF_SIZES  # the count sees what it is to see


def test_what_has_no_gpu_kernel_is_found():
    def run(patches):
        return tf.image.resize(tf.stack([patches, patches]), [8, 8], "area")

    nodes = nodes_of(tf.function(run).get_concrete_function(tf.TensorSpec([16, 16, 3], tf.uint8)))
    assert without_gpu_kernel(nodes) == {"Pack": 1, "ResizeArea": 1}
