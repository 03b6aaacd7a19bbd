"""The run folder: refuses other recipes, survives kills, keeps what was there."""

from __future__ import annotations

import json
import subprocess
import sys

import keras
import pytest

from aesthkeras.errors import UsageError
from aesthkeras.training import run_folder
from aesthkeras.training.run_folder import RunFolder

FLAGS = {"width": "0.5", "seed": "3", "run_dir": "here"}


def test_flags_replay_the_run(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.claim(FLAGS, {"width", "seed"})
    assert run.flags.read_text() == "--width=0.5\n--seed=3\n--run_dir=here\n"
    assert run.read_flags() == FLAGS


def test_another_recipe_is_refused_in_one_line_that_names_the_flags(tmp_path):
    RunFolder(tmp_path).claim(FLAGS, {"width", "seed"})
    before = (tmp_path / "flags.cfg").read_text()
    with pytest.raises(UsageError) as error:
        RunFolder(tmp_path).claim({**FLAGS, "width": "1.0", "seed": "4"}, {"width", "seed"})
    assert "--width was 0.5, now 1.0" in str(error.value)
    assert "--seed was 3, now 4" in str(error.value)
    assert "\n" not in str(error.value)
    assert (tmp_path / "flags.cfg").read_text() == before


def test_flags_outside_the_recipe_may_change(tmp_path):
    RunFolder(tmp_path).claim(FLAGS, {"width", "seed"})
    run = RunFolder(tmp_path)
    run.claim({**FLAGS, "run_dir": "there"}, {"width", "seed"})
    assert run.read_flags()["run_dir"] == "there"


def test_the_folder_of_another_command_is_refused(tmp_path):
    RunFolder(tmp_path).claim({**FLAGS, "layers": "conv1"}, {"width", "layers"})
    with pytest.raises(UsageError, match=r"run of another command, .*: it knows --layers; give another"):
        RunFolder(tmp_path).claim(FLAGS, {"width"})


def test_a_run_of_the_other_keras_is_refused_in_one_line(tmp_path):
    RunFolder(tmp_path).update_record(versions={"keras": keras.__version__})
    RunFolder(tmp_path).claim(FLAGS, {"width"})
    RunFolder(tmp_path).update_record(versions={"keras": "4.1.0"})
    with pytest.raises(
        UsageError, match="^run_dir=.* it is one of Keras 4.1.0, .*take the SavedModel$"
    ) as caught:
        RunFolder(tmp_path).claim(FLAGS, {"width"})
    assert "\n" not in str(caught.value)


def test_a_folder_in_use_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(run_folder, "LOCK_SECONDS", 0.3)
    code = (
        "import sys, time; from aesthkeras.training.run_folder import RunFolder\n"
        f"run = RunFolder({str(tmp_path)!r}); run.claim({FLAGS!r}, set()); print('claimed', flush=True)\n"
        "time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == "claimed"
        with pytest.raises(UsageError, match="another process"):
            RunFolder(tmp_path).claim(FLAGS, set())
        other.kill()
        # No wait for its end: a killed process may still hold the lock for a moment.
        monkeypatch.setattr(run_folder, "LOCK_SECONDS", 20)
        RunFolder(tmp_path).claim(FLAGS, set())


def test_a_flag_that_is_no_utf_8_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"^data_dir=b'caf.xe9': expected a name in UTF-8"):
        RunFolder(tmp_path / "run").claim({**FLAGS, "data_dir": "caf\udce9"}, set())
    assert not (tmp_path / "run").exists()


def test_a_file_where_the_folder_is_meant(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="run_dir"):
        RunFolder(tmp_path / "file").claim(FLAGS, set())
    assert (tmp_path / "file").read_text() == "mine"


def test_rewind_drops_epochs_after_the_checkpoint_and_a_torn_last_line(tmp_path):
    run = RunFolder(tmp_path)
    for epoch in (1, 2, 3):
        run.append_metrics({"epoch": epoch, "loss": 1.5})
    with open(run.metrics, "a") as file:
        file.write('{"epoch": 4, "lo')
    assert [logs["epoch"] for logs in run.history()] == [1, 2, 3]
    run.rewind(2)
    assert [json.loads(line)["epoch"] for line in run.metrics.read_text().splitlines()] == [1, 2]


def test_record_collects_facts(tmp_path):
    run = RunFolder(tmp_path)
    run.update_record(seed=1)
    run.update_record(photos=7)
    assert run.read_record() == {"seed": 1, "photos": 7}


@pytest.mark.parametrize("content", ["", '{"data": ', "[1]", "\xff"])
def test_a_damaged_record_is_one_line(content, tmp_path):
    run = RunFolder(tmp_path)
    for file, read in [(run.record, run.read_record), (run.task_facts, run.read_task_facts)]:
        file.write_bytes(content.encode("latin-1"))
        with pytest.raises(UsageError, match=f"^run_dir=.*: expected {file.name} as ") as error:
            read()
        assert "\n" not in str(error.value)
