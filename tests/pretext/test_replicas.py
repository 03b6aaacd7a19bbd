"""Training on several replicas: logical CPUs stand for GPUs, processes on this machine for machines.

They cannot show what real devices and networks do to speed or memory, nor whether GPUs round alike.
"""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from aesthkeras.photos.sources import sample_photos

TASKS = ("degradation", "rotation", "context", "counting", "colorization", "splitbrain")

# Ten steps of each task, on one device and on two: the same patches, the same views, the same weights.
TWO_REPLICAS = """
import json
import sys

import numpy as np
import tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
import keras

from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.pretext.options import task_options
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.task import find_task
from aesthkeras.pretext.feeding import patch_stream, shared_out, step_dataset
from aesthkeras.pretext.training import build_model
from aesthkeras.training.replicas import replicas_strategy

name, paths, device = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
photos = PhotoSet(paths, 0, "")
recipe = Recipe(
    crop=96,
    resize=104,
    width=0.125,
    batch_size=32,
    crops_per_photo=8,
    precision="float32",
    learning_rate=3e-5,
)


def trained(replicas):
    strategy = replicas_strategy(replicas)
    with strategy.scope():
        task = find_task(name)(task_options(name)(), recipe, device)
        facts = task.study(photos)
        if facts:
            task.recall(facts)
        model = build_model(task, 100, synchronized=replicas != "1")
        batches = shared_out(step_dataset(patch_stream(photos, task, first_step=0), task))
        epochs = model.fit(batches, steps_per_epoch=1, epochs=10, verbose=0)
    return epochs.history["loss"], model


one, model = trained("1")
two, model_of_two = trained("2")
assert model_of_two.distribute_strategy.num_replicas_in_sync == 2 and model_of_two.step == 10
json.dump([[float(loss) for loss in losses] for losses in (one, two)], sys.stdout)
"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> list[str]:
    folder = tmp_path_factory.mktemp("photos")
    paths = []
    for place, path in enumerate(sample_photos()[:6]):
        Image.open(path).convert("RGB").resize((480, 420)).save(folder / f"{place}.jpg", quality=95)
        paths.append(str(folder / f"{place}.jpg"))
    return paths


@pytest.mark.long
@pytest.mark.parametrize("task", TASKS)
def test_two_replicas_of_half_a_batch_learn_what_one_learns_of_the_whole(task, photos):
    command = [sys.executable, "-c", TWO_REPLICAS, task, json.dumps(photos), "cpu"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    assert result.returncode == 0, result.stderr[-3000:]
    one, two = json.loads(result.stdout.splitlines()[-1])
    assert len(set(one)) == 10
    np.testing.assert_allclose(two, one, rtol=1e-4)
