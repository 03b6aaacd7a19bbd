"""What holds for every pretext task: defaults, serialisation, options without TensorFlow, types."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from skimage import data

import aesthkeras
from aesthkeras import PretextModel, pretext
from aesthkeras.errors import UsageError
from aesthkeras.pretext.options import task_names
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.task import PretextTask, find_task

RECIPE = Recipe(width=0.125, resize=108, crop=96, batch_size=4, seed=3)
OPTIONS = {
    "context": {"grid": 2, "patch": 67, "gap": 10, "jitter": 2, "grid_resize": 160},
    "counting": {"counters": 7, "gray_share": 0.5},
    "degradation": {"edits": "extended", "entropy_alpha": 1 / 3, "operations_per_patch": 2},
}
FACTS = {
    "colorization": {"color_prior": [0.5, *[0.5 / 312] * 312]},
    "labels": {"classes": ["Hünd", "cat"], "labels": [1, 0, 1]},
}


def changed_task(name: str) -> PretextTask:
    """The task with options that are not the defaults, and with what it would have learned about photos."""
    kind = find_task(name)
    task = kind(kind.Options(**OPTIONS.get(name, {})), RECIPE, "gpu")
    if name in FACTS:
        task.recall(FACTS[name])
    return task


def views(task: PretextTask) -> dict[str, np.ndarray]:
    edge = task.patch_edge
    photos = [data.astronaut()[:edge, 60 : 60 + edge], data.coffee()[20 : 20 + edge, :edge]]
    seed = tf.constant([5, 7])
    batch = {"patches": tf.constant(np.stack(photos)), "photo": tf.constant([0, 1], tf.int64), "seed": seed}
    return {name: values.numpy() for name, values in task.views(batch).items()}


@pytest.mark.parametrize("name", task_names())
def test_a_task_survives_serialisation(name):
    task = changed_task(name)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(task)))
    assert config["registered_name"] == f"aesthkeras>{type(task).__name__}"
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is type(task)
    assert again.get_config() == task.get_config()
    assert (again.options, again.recipe, again.facts) == (task.options, RECIPE, FACTS.get(name, {}))
    assert again.device == "gpu"
    expected, found = views(task), views(again)
    assert expected.keys() == found.keys()
    for part, values in expected.items():
        np.testing.assert_array_equal(found[part], values, err_msg=part)


@pytest.mark.long
def test_a_new_process_loads_a_model_without_importing_its_task_first(tmp_path):
    task = changed_task("labels")
    PretextModel(task.build_encoder(), task).save(tmp_path / "model.keras")
    code = (
        "import json, sys; import keras; from aesthkeras import PretextModel;"
        "model = keras.models.load_model(sys.argv[1], compile=False);"
        "print(json.dumps([isinstance(model, PretextModel), model.task.class_names]))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "model.keras")]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    assert result.returncode == 0, result.stderr[-3000:]
    assert json.loads(result.stdout) == [True, ["Hünd", "cat"]]


@pytest.mark.parametrize("name", task_names())
def test_without_arguments_a_task_has_the_numbers_of_its_paper(name):
    task = find_task(name)()
    assert (task.options, task.recipe) == (find_task(name).Options(), Recipe())
    assert task.callbacks() == [] or name == "degradation"


def test_options_and_recipe_may_be_given_alone():
    options = pretext.DegradationOptions(operations_per_patch=2)
    assert pretext.DegradationTask(options).views_per_patch == 1 + 2 * 2
    assert pretext.DegradationTask(recipe=RECIPE).patch_edge == 96
    with pytest.raises(ValueError, match=r"options=Recipe\(.*: expected DegradationOptions"):
        pretext.DegradationTask(RECIPE)
    with pytest.raises(UsageError, match="encoder_name=alexnet_lab: expected alexnet or resnet18"):
        pretext.SplitBrainTask(recipe=Recipe(encoder_name="alexnet_lab"))


def test_every_public_name_is_there():
    assert {"PretextModel", "PretextTask", "DegradationTask", "Recipe"} <= set(dir(pretext))
    for name in dir(pretext):
        assert getattr(pretext, name).__name__ == name


def test_flags_of_every_task_are_known_without_tensorflow():
    code = (
        "import sys; import aesthkeras.pretext, aesthkeras.pretrain;"
        "from aesthkeras.pretext.options import task_names, task_options;"
        "print([task_options(name) for name in task_names()]);"
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "DegradationOptions" in result.stdout


@pytest.mark.long
def test_the_type_checker_finds_misspelt_calls_in_the_method(tmp_path):
    slips = {"degradation_loss(": "degradation_los(", "triplet_margin)": "triplet_margn)"}
    package = Path(aesthkeras.__file__).parent
    source = (package / "pretext" / "tasks" / "degradation" / "task.py").read_text()
    for call, slip in slips.items():
        assert call in source
        source = source.replace(call, slip)
    (tmp_path / "misspelt.py").write_text(source)
    config = [f"--config-file={package.parent / 'setup.cfg'}", f"--cache-dir={tmp_path / 'cache'}"]
    command = [sys.executable, "-m", "mypy", *config, str(tmp_path / "misspelt.py")]
    result = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=200, cwd=package.parent
    )
    assert 'Module has no attribute "degradation_los"' in result.stdout, result.stdout + result.stderr
    assert '"DegradationOptions" has no attribute "triplet_margn"' in result.stdout
