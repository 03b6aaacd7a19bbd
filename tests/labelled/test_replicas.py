"""Probes by SGD and fine-tuning on two replicas: logical CPUs stand for GPUs.

They cannot show what real devices do to speed or memory, nor whether GPUs round alike.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

# Probes and fine-tuning on one device and on two; the second fine-tuning is killed on two and goes on on one.
TWO_DEVICES = """
import sys

import tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.labelled.protocols import read_labelled
from aesthkeras.labelled.settings import LabelledRunSettings
from aesthkeras.finding.find import find_encoder
from aesthkeras.probes.probing import probe
from aesthkeras.probes.settings import ProbeRecipe
from aesthkeras.scorers.adapting import adapt
from aesthkeras.scorers.settings import ScorerRecipe, ScorerRunSettings
from aesthkeras.scorers.training import HeadTraining
from aesthkeras.settings import flag_values
from aesthkeras.training.replicas import use_devices
from aesthkeras.training.run_folder import RunFolder

encoder, data, root = sys.argv[1:]
shared = {"protocol": "split", "repeats": 1, "batch_size": 7, "learning_rate": 0.01}
probing = ProbeRecipe(solver="sgd", layers="conv1,conv5", epochs=3, **shared)
adapting = ScorerRecipe(
    trunk="finetuned", blocks="conv1,conv4", members=1, hidden="8", components=12, dropout=0.0,
    inner_folds=3, epochs=3, **shared
)
choices, strategies = DatasetSettings(split="half"), {}


def run(act, recipe, name, replicas, **more):
    where = {"encoder": encoder, "data_dir": data, "run_dir": f"{root}/{name}", "replicas": replicas}
    settings = (ScorerRunSettings if act is adapt else LabelledRunSettings)(**where, **more)
    labelled = read_labelled("csv", data, choices, recipe)
    if replicas not in strategies:  # two of a kind would mix their messages up
        strategies[replicas] = use_devices(settings)
    with strategies[replicas].scope():
        found = find_encoder(encoder)
    folder = RunFolder(settings.run_dir)
    folder.claim(flag_values(settings, recipe, choices), set())
    act(folder, found, labelled, recipe, settings)


run(probe, probing, "probe-one", "1")
run(probe, probing, "probe-two", "2")
run(adapt, adapting, "adapt-one", "1", out=f"{root}/one")
learn, seen = HeadTraining.learn, []


def killed(training, *step):
    learn(training, *step)
    seen.append(training.strategy.num_replicas_in_sync)
    if len(seen) == 5:
        raise KeyboardInterrupt


HeadTraining.learn = killed
try:
    run(adapt, adapting, "adapt-two", "2", out=f"{root}/two", checkpoint_minutes=0)
except KeyboardInterrupt:
    assert seen == [2] * 5, seen
HeadTraining.learn = learn
run(adapt, adapting, "adapt-two", "1", out=f"{root}/two")
"""


def alone(script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=290, env={**os.environ, **environment}
    )


@pytest.fixture(scope="module")
def runs(rated, exported, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    result = alone(TWO_DEVICES, str(exported), str(rated.folder), str(root))
    assert result.returncode == 0, result.stderr[-3000:]
    return root


def assert_alike(folder: Path, other: Path) -> None:
    with np.load(folder / "predictions.npz") as ours, np.load(other / "predictions.npz") as theirs:
        measured = [name for name in ours.files if ours[name].dtype.kind == "f"]
        assert ours.files == theirs.files and measured
        for name in measured:
            np.testing.assert_allclose(ours[name], theirs[name], atol=1e-4, err_msg=name)


@pytest.mark.long
def test_probes_on_two_replicas_are_those_on_one(runs):
    assert_alike(runs / "probe-one", runs / "probe-two")
    assert json.loads((runs / "probe-two" / "run.json").read_text())["replicas"] == 2


@pytest.mark.long
def test_fine_tuning_on_two_replicas_goes_on_on_one_and_ends_as_one_does(runs):
    assert_alike(runs / "adapt-one", runs / "adapt-two")
    assert json.loads((runs / "adapt-two" / "run.json").read_text())["replicas"] == 1  # the last start


@pytest.mark.long
def test_rows_are_shared_out_and_come_back_in_order_and_dropout_draws_a_mask_for_each_share():
    script = """
import tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
from aesthkeras.training.dropout import CountedDropout
from aesthkeras.training.replicas import over_replicas, replicas_strategy

strategy = replicas_strategy("2")


def doubled(rows):
    context = tf.distribute.get_replica_context()
    return {"doubled": 2 * rows, "share": tf.fill(tf.shape(rows), context.replica_id_in_sync_group)}


for count, expected in ((5, [0, 0, 0, 1, 1]), (1, [0]), (4, [0, 0, 1, 1])):
    found = over_replicas(doubled, strategy)(tf.range(count))
    assert found["doubled"].numpy().tolist() == [2 * row for row in range(count)]
    assert found["share"].numpy().tolist() == expected
with strategy.scope():
    dropout = CountedDropout(0.5, 1)
run = tf.function(lambda: strategy.run(lambda: dropout(tf.ones([100]), training=True)))
first, second = strategy.experimental_local_results(run())
assert 20 < int(tf.math.count_nonzero(first)) < 80
assert not bool(tf.reduce_all(first == second))
assert int(dropout.calls.numpy()) == 1
"""
    result = alone(script)
    assert result.returncode == 0, result.stderr[-3000:]


@pytest.mark.long
@pytest.mark.parametrize("command", ["probe", "adapt"])
def test_several_machines_are_refused_in_one_line(command, rated, exported, tmp_path):
    cluster = {"cluster": {"worker": ["a:2222", "b:2222"]}, "task": {"type": "worker", "index": 0}}
    script = (
        "import runpy, sys; sys.argv[0] = 'aesthkeras'; runpy.run_module(sys.argv[1], run_name='__main__')"
    )
    script = script.replace("sys.argv[1]", repr(f"aesthkeras.{command}"))
    flags = [f"--encoder={exported}", f"--data_dir={rated.folder}", f"--run_dir={tmp_path / 'run'}"]
    result = alone(script, *flags, TF_CONFIG=json.dumps(cluster))
    assert (result.returncode, result.stderr.count("\n")) == (2, 1), result.stderr
    assert "TF_CONFIG names 2 machines: expected one" in result.stderr
    assert not (tmp_path / "run").exists()
