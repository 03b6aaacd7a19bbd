"""The main job as a person runs it: killed, resumed, refused, short of disk; and what it leaves behind."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from skimage import data

import aesthkeras

TINY = [
    "--width=0.125",
    "--resize=108",
    "--crop=96",
    "--batch_size=8",
    "--crops_per_photo=4",
    "--epochs=3",
    "--learning_rate_epochs=2",
    "--triplet_epoch=1",
    "--entropy_epoch=2",
    "--entropy_alpha=0.1",
    "--precision=float32",
]
# Wall-clock values differ between any two runs.
TIMED = {"images_per_second", "input_wait"}


def command(folder: Path, *flags: str) -> list[str]:
    places = [f"--run_dir={folder / 'run'}", f"--out={folder / 'model'}", f"--data_dir={folder / 'photos'}"]
    return [sys.executable, "-m", "aesthkeras.pretrain", *places, *TINY, *flags]


def pretrain(folder: Path, *flags: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(folder, *flags), capture_output=True, text=True, check=False, timeout=280, **options
    )


def metrics(folder: Path) -> list[dict[str, float]]:
    lines = (folder / "run" / "metrics.jsonl").read_text().splitlines()
    return [{name: value for name, value in json.loads(line).items() if name not in TIMED} for line in lines]


def write_photos(folder: Path) -> Path:
    """Five real photos, one broken, one no photo at all."""
    photos = folder / "photos" / "Wörld and space"
    photos.mkdir(parents=True)
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        Image.fromarray(getattr(data, name)()).save(photos / f"{name}.jpg")
    Image.fromarray(data.camera()).save(photos / "gray.png")
    whole = (photos / "rocket.jpg").read_bytes()
    (photos / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (photos / "text.jpg").write_text("not a photo")
    (folder / "photos" / "LICENSE").write_text("Photos of the tests.")
    return folder


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    folder = write_photos(tmp_path_factory.mktemp("finished"))
    result = pretrain(folder)
    assert result.returncode == 0, result.stderr[-2000:]
    assert "2 photos could not be used" in result.stderr
    return folder


def test_a_run_folder_holds_what_it_promises(finished):
    run = finished / "run"
    logs = metrics(finished)
    assert [line["epoch"] for line in logs] == [1, 2, 3]
    assert all(np.isfinite(list(line.values())).all() for line in logs)
    # 20 patches in batches of 8: the third step of an epoch is shared with the next.
    assert [line["step"] for line in logs] == [3, 6, 9]
    np.testing.assert_allclose([line["learning_rate"] for line in logs], [0.1, 0.1, 0.02], rtol=1e-5)
    assert [line["triplet_on"] for line in logs] == [0, 1, 1]
    assert [line["entropy_on"] for line in logs] == [0, 0, 1]
    assert logs[0]["entropy_weight"] == 1 > logs[2]["entropy_weight"]
    record = json.loads((run / "run.json").read_text())
    assert record["data"]["photos"] == 5
    assert record["data"]["quarantined"] == 2
    assert record["seed"] == 0
    device, form = ("gpu", "dct") if tf.config.list_physical_devices("GPU") else ("cpu", "codec")
    resolved = {"degrade_on": device, "precision": "float32", "jpeg": form, "replicas": 1, "machines": 1}
    assert record["resolved"] == resolved and f"device:{device.upper()}:" in record["views_made_on"]
    assert record["versions"]["tensorflow"] == tf.__version__
    assert record["versions"]["aesthkeras"] == aesthkeras.__version__
    assert "--width=0.125" in (run / "flags.cfg").read_text()


def test_quarantine_names_photo_and_reason(finished):
    rows = list(csv.DictReader((finished / "run" / "quarantine.csv").open(encoding="utf-8")))
    reasons = {Path(row["path"]).name: row["reason"] for row in rows}
    assert set(reasons) == {"cut.jpg", "text.jpg"}
    assert "truncated" in reasons["cut.jpg"]
    assert "not a JPEG, PNG, GIF or BMP" in reasons["text.jpg"]


def test_tensorboard_has_scalars_and_pictures(finished):
    tags: dict[str, set[str]] = {"scalars": set(), "images": set()}
    for file in (finished / "run" / "tensorboard").rglob("events*"):
        for event in tf.compat.v1.train.summary_iterator(str(file)):
            for value in event.summary.value:
                tags[f"{value.metadata.plugin_data.plugin_name}"].add(value.tag)
    assert tags["images"] == {"views", "confusion"}
    wanted = ["degradation", "triplet", "accuracy", "accuracy/jpeg", "active_triplets", "entropy_weight"]
    wanted += ["learning_rate", "images_per_second", "input_wait"]
    assert {f"epoch_{name}" for name in wanted} <= tags["scalars"]


def test_the_exported_model_tells_degradations_of_a_real_photo(finished):
    version = finished / "model" / "1"
    model = tf.saved_model.load(str(version))
    photo = (finished / "photos" / "Wörld and space" / "coffee.jpg").read_bytes()
    probabilities = model.signatures["degradations"](image_bytes=tf.constant([photo]))[
        "probabilities"
    ].numpy()
    assert probabilities.shape == (1, 22)
    np.testing.assert_allclose(probabilities.sum(), 1, rtol=1e-5)
    assert (version / "assets" / "flags.cfg").read_text() == (finished / "run" / "flags.cfg").read_text()


def test_the_model_card_tells_what_the_run_folder_holds(finished):
    card = (finished / "model" / "1" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "trained on the task `degradation`: Classification of the degradation and" in card
    assert "| photos | 5, 2 left out as unreadable |" in card
    assert f"| degradation | {metrics(finished)[-1]['degradation']:.4g} |" in card
    assert "What is said with the photos of `photos`:\n\n    Photos of the tests.\n" in card


def test_the_same_command_again_changes_nothing(finished):
    before = {path: path.read_bytes() for path in (finished / "run").glob("*.jsonl")}
    result = pretrain(finished)
    assert result.returncode == 0, result.stderr[-2000:]
    assert {path: path.read_bytes() for path in (finished / "run").glob("*.jsonl")} == before
    assert [path.name for path in (finished / "model").iterdir()] == ["1"]


def test_another_recipe_is_refused_in_one_line(finished):
    result = pretrain(finished, "--learning_rate=0.05", "--seed=4")
    assert result.returncode == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert "--learning_rate was 0.1, now 0.05" in result.stderr
    assert "--seed was 0, now 4" in result.stderr


def test_other_photos_are_refused_in_one_line(finished, tmp_path):
    shutil.copytree(finished / "run", tmp_path / "run")
    shutil.copytree(finished / "photos", tmp_path / "photos")
    (tmp_path / "photos" / "Wörld and space" / "coffee.jpg").unlink()
    result = pretrain(tmp_path)
    assert result.returncode == 2
    assert "--data_dir" in result.stderr.strip().splitlines()[-1]


@pytest.mark.long
def test_killed_inside_an_epoch_and_started_again_gives_the_same_numbers(finished, tmp_path):
    shutil.copytree(finished / "photos", tmp_path / "photos")
    # Checkpoints after every step, so that the kill falls between two of one epoch.
    flags = ["--checkpoint_minutes=0.0001"]
    with (
        open(tmp_path / "log", "w") as log,
        subprocess.Popen(command(tmp_path, *flags), stderr=log) as process,
    ):
        deadline = time.monotonic() + 200
        while not list((tmp_path / "run" / "checkpoints").glob("step-[45].index")):
            assert process.poll() is None, (tmp_path / "log").read_text()[-2000:]
            assert time.monotonic() < deadline
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    assert len((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()) < 3
    result = pretrain(tmp_path)
    assert result.returncode == 0, result.stderr[-2000:]
    assert metrics(tmp_path) == metrics(finished)


@pytest.mark.long
def test_a_full_disk_ends_in_one_line_and_leaves_the_last_checkpoint(finished, tmp_path):
    shutil.copytree(finished / "photos", tmp_path / "photos")

    def no_large_files() -> None:
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    result = pretrain(tmp_path, preexec_fn=no_large_files)
    assert result.returncode == 2, result.stderr[-2000:]
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("aesthkeras: no space left on the disk"), result.stderr[-2000:]
    assert "Traceback" not in result.stderr
    assert tf.train.latest_checkpoint(str(tmp_path / "run" / "checkpoints")) is None
    again = pretrain(tmp_path)
    assert again.returncode == 0, again.stderr[-2000:]
    assert metrics(tmp_path) == metrics(finished)


def test_only_broken_photos_end_in_one_line(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "empty.jpg").touch()
    (tmp_path / "photos" / "text.png").write_text("no photo")
    result = pretrain(tmp_path)
    assert result.returncode == 2
    assert "--data_dir" in result.stderr.strip().splitlines()[-1]
    assert "Traceback" not in result.stderr
    assert os.path.exists(tmp_path / "run" / "quarantine.csv")


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        (["--task=counting", "--batch_size=1"], "--batch_size=1: expected at least 2"),
        (["--task=splitbrain", "--encoder_name=alexnet_lab"], "--encoder_name=alexnet_lab: expected alexnet"),
        (["--task=colorization", "--encoder_name=alexnet_lab"], "--encoder_name=alexnet_lab: expected"),
    ],
)
def test_a_recipe_that_the_task_cannot_train_by_claims_no_folder(tmp_path, flags, line):
    places = [f"--run_dir={tmp_path / 'run'}", f"--out={tmp_path / 'model'}", "--data_dir=samples"]
    arguments = [sys.executable, "-m", "aesthkeras.pretrain", *places, *flags]
    result = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=200)
    assert result.returncode == 2, result.stderr
    assert len(result.stderr.strip().splitlines()) == 1 and line in result.stderr
    assert list(tmp_path.iterdir()) == []
