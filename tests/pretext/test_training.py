"""Views made in the step; runs cut short by images seen or by a kill; what tasks may ask for."""

from __future__ import annotations

import functools
import json
import os
import re
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.errors import UsageError
from aesthkeras.monitoring.callbacks import Throughput
from aesthkeras.pretext.feeding import first_views, patch_stream, step_dataset
from aesthkeras.pretext.model import PretextModel
from aesthkeras.pretext.pretraining import study_once
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.run_settings import RunSettings
from aesthkeras.pretext.tasks.degradation.options import DegradationOptions
from aesthkeras.pretext.tasks.degradation.task import DegradationTask
from aesthkeras.pretext.training import build_model, remaining_epochs, train
from aesthkeras.training.run_folder import RunFolder


def degradation_on(device: str) -> PretextModel:
    task = DegradationTask(DegradationOptions(jpeg="dct"), Recipe(crop=96, resize=110, width=0.125), device)
    return build_model(task, 10)


# Both run on the CPU. Whether a GPU has what the step needs: test_gpu_kernels.py; what it rounds is not seen.
def test_views_made_in_the_step_are_those_made_ahead_of_it(photos):
    ahead, within = degradation_on("cpu"), degradation_on("gpu")
    patches = patch_stream(photos, ahead.task, first_step=3).take(2)
    made = [list(step_dataset(patches, model.task)) for model in (ahead, within)]
    assert "views" in made[0][0] and "views" not in made[1][0]
    for views, batch in zip(*made):
        in_step = tf.function(within.with_views)(batch)
        np.testing.assert_array_equal(in_step["classes"], views["classes"])
        np.testing.assert_array_equal(in_step["views"], views["views"])


def test_views_on_another_device_than_the_one_asked_for_end_the_run(photos):
    model = degradation_on("gpu")
    batches = step_dataset(patch_stream(photos, model.task, first_step=0), model.task)
    with pytest.raises(UsageError, match=r"degrade_on=gpu: the views were made on .*CPU:0; expected a GPU"):
        first_views(model, batches)


class KilledError(Exception):
    """Stands for a kill."""


def run_to_the_end(folder, task, photos) -> RunFolder:
    run = RunFolder(folder)
    folder.mkdir(exist_ok=True)
    study_once(run, task, photos)
    train(run, task, photos, RunSettings(run_dir=str(folder), checkpoint_minutes=1e-9))
    return run


def numbers(run: RunFolder) -> list[dict[str, float]]:
    timed = ("images_per_second", "input_wait")
    return [{name: logs[name] for name in logs if name not in timed} for logs in run.history()]


def final_weights(run: RunFolder) -> dict[str, np.ndarray]:
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(str(run.checkpoints)))
    names = [name for name in reader.get_variable_to_shape_map() if "ATTRIBUTES" in name]
    return {name: reader.get_tensor(name) for name in names if "save_counter" not in name}


# 5 photos, 3 crops of each, in batches of 4: an epoch has 4 steps. 2 views a patch, 8 images a step:
# 81 images are 11 steps, so the third epoch is cut short after 3. `epochs` would have meant 1.
CUT_SHORT = {"crops_per_photo": 3, "images_seen": 81, "epochs": 1, "learning_rate_epochs": 1}


@pytest.fixture(scope="module")
def whole(tmp_path_factory, brightness, photos) -> RunFolder:
    return run_to_the_end(tmp_path_factory.mktemp("whole"), brightness(**CUT_SHORT), photos)


def test_images_seen_ends_the_run_inside_an_epoch_and_the_schedule_counts_epochs(whole, brightness, photos):
    logs = whole.history()
    assert [(line["epoch"], line["step"], line["images_seen"]) for line in logs] == [
        (1, 4, 32),
        (2, 8, 64),
        (3, 11, 88),
    ]
    # x 0.2 after each whole epoch
    np.testing.assert_allclose([line["learning_rate"] for line in logs], [1e-3, 2e-4, 4e-5], rtol=1e-5)
    assert tf.train.latest_checkpoint(str(whole.checkpoints)).endswith("step-11")
    before = whole.metrics.read_bytes()
    assert run_to_the_end(whole.path, brightness(**CUT_SHORT), photos).metrics.read_bytes() == before


def test_training_begins_with_given_blocks_and_goes_on_with_its_own(brightness, photos, tmp_path):
    task, run = brightness(images_seen=8, learning_rate=1e-9), RunFolder(tmp_path)
    study_once(run, task, photos)

    def kernel(value: float) -> np.ndarray:
        start = {"convolution": [np.full([8, 8, 3, 2], value, np.float32), np.zeros(2, np.float32)]}
        model = train(run, task, photos, RunSettings(run_dir=str(tmp_path)), start)
        return model.encoder.get_layer("convolution").get_weights()[0]

    np.testing.assert_allclose(kernel(0.25), 0.25, rtol=1e-4)
    np.testing.assert_allclose(kernel(3.0), 0.25, rtol=1e-4)  # there is a checkpoint now


def test_a_damaged_checkpoint_is_refused_in_one_line(brightness, photos, tmp_path):
    run = run_to_the_end(tmp_path, brightness(images_seen=8), photos)
    for data in run.checkpoints.glob("*.data-*"):
        os.truncate(data, data.stat().st_size // 2)
    with pytest.raises(UsageError, match=f"^{run.checkpoints}/step-1: expected a whole checkpoint") as caught:
        run_to_the_end(tmp_path, brightness(images_seen=8), photos)
    assert len(str(caught.value).splitlines()) == 1


# At this rate the squared error of a linear task grows beyond float32 within some epochs of two steps.
DIVERGING = {"learning_rate": 0.5, "epochs": 60, "learning_rate_epochs": 60}


@pytest.mark.parametrize("minutes", [60.0, 1e-9])
def test_a_loss_that_is_no_number_ends_the_run_and_leaves_the_last_finite_checkpoint(
    tmp_path, brightness, photos, minutes
):
    def run_once() -> str:
        run, task = RunFolder(tmp_path), brightness(**DIVERGING)
        study_once(run, task, photos)
        with pytest.raises(UsageError) as caught:
            train(run, task, photos, RunSettings(run_dir=str(tmp_path), checkpoint_minutes=minutes))
        return str(caught.value)

    line, run = run_once(), RunFolder(tmp_path)
    epoch = int(
        re.fullmatch(r"learning_rate=0.5: .* in epoch (\d+); expected a smaller one, .*", line).group(1)
    )
    assert 2 < epoch < 60 and "\n" not in line
    assert [logs["epoch"] for logs in run.history()] == list(range(1, epoch))
    assert np.isfinite([logs["loss"] for logs in run.history()]).all()
    saved = final_weights(run)
    assert all(np.isfinite(value).all() for value in saved.values())
    newest = tf.train.latest_checkpoint(str(run.checkpoints))
    assert run_once().startswith(line)  # at once: nothing is trained, nothing written
    assert tf.train.latest_checkpoint(str(run.checkpoints)) == newest
    (run.checkpoints / "diverged.txt").unlink()
    assert run_once() == line  # from the last finite checkpoint on, to the same end


def test_a_step_that_loss_scaling_skips_ends_nothing(tmp_path, brightness, photos, monkeypatch):
    scaled = functools.partial(keras.mixed_precision.LossScaleOptimizer, initial_scale=2.0**40)
    monkeypatch.setattr(keras.mixed_precision, "LossScaleOptimizer", scaled)
    run, task = RunFolder(tmp_path), brightness(precision="float16", epochs=12)
    study_once(run, task, photos)
    model = train(run, task, photos, RunSettings(run_dir=str(tmp_path)))
    keras.mixed_precision.set_global_policy("float32")
    assert len(run.history()) == 12
    # 65504 is float16's largest: the first scales have made infinite gradients, whose steps were skipped
    optimizer = model.optimizer
    scale = optimizer.loss_scale if hasattr(optimizer, "loss_scale") else optimizer.dynamic_scale
    assert float(tf.convert_to_tensor(scale)) < 2.0**40
    assert not (run.checkpoints / "diverged.txt").exists()


@pytest.mark.parametrize("killed_at", [4, 10, 11])
def test_a_run_cut_short_and_killed_anywhere_ends_with_the_same_bits(
    tmp_path, whole, brightness, photos, killed_at, monkeypatch
):
    def kill(self, *_, **__):
        if self.model.step == killed_at:
            raise KilledError

    # 4 and 11 are the last steps of their epochs: killed before log line and checkpoint.
    with monkeypatch.context() as patch, pytest.raises(KilledError):
        patch.setattr(Throughput, "on_train_batch_end" if killed_at == 10 else "on_epoch_end", kill)
        run_to_the_end(tmp_path / "killed", brightness(**CUT_SHORT), photos)
    resumed = run_to_the_end(tmp_path / "killed", brightness(**CUT_SHORT), photos)
    assert numbers(resumed) == numbers(whole)
    expected, found = final_weights(whole), final_weights(resumed)
    assert expected.keys() == found.keys()
    for name in expected:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


def test_what_is_left_of_a_run():
    # (done, total, steps of an epoch): stretches of epochs with the steps of one
    assert remaining_epochs(0, 12, 4) == [(range(3), 4)]
    assert remaining_epochs(0, 11, 4) == [(range(2), 4), (range(2, 3), 3)]
    assert remaining_epochs(5, 11, 4) == [(range(1, 2), 3), (range(2, 3), 3)]
    assert remaining_epochs(9, 11, 4) == [(range(2, 3), 2)]
    assert remaining_epochs(3, 16, 4) == [(range(1), 1), (range(1, 4), 4)]
    assert remaining_epochs(0, 3, 4) == [(range(1), 3)]
    assert remaining_epochs(11, 11, 4) == []


def test_the_stream_cuts_the_patches_that_the_task_asks_for(brightness, photos):
    batch = next(iter(patch_stream(photos, brightness(), first_step=0)))
    assert batch["patches"].shape == (4, 104, 104, 3)
    with pytest.raises(UsageError, match="as the photos were cached"):
        patch_stream(replace(photos, pixels=replace(photos.pixels, edge=120)), brightness(), first_step=0)


def test_photos_are_studied_once_and_the_run_folder_remembers(tmp_path, brightness, photos):
    run, first, again = RunFolder(tmp_path), brightness(), brightness()
    before = type(first).studies
    study_once(run, first, photos)
    study_once(run, again, photos)
    assert type(first).studies == before + 1
    assert json.loads((tmp_path / "task.json").read_text()) == {"photos": 5, "offset": 0.25}
    assert first.offset == again.offset == 0.25
    assert build_model(again, 1).head.weights[1].numpy().item() == 0.25
