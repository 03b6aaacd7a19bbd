"""Two processes of the command train as two machines do, by TF_CONFIG; one is killed, and all go on.

Processes on one machine stand for machines: nothing here shows what a network between them does. It takes a
minute and more.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

FLAGS = Path(__file__).parents[2] / "flags" / "pretext.cfg"
TINY = (
    "--crop=96 --resize=104 --width=0.0625 --batch_size=8 --crops_per_photo=2 --epochs=3 --precision=float32"
)
LOSSES = "--triplet_epoch=1 --entropy_epoch=2 --learning_rate=0.01"

pytestmark = pytest.mark.long


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def start(run: Path, machines: int) -> list[subprocess.Popen]:
    workers = [f"localhost:{free_port()}" for _ in range(machines)]
    command = [sys.executable, "-m", "aesthkeras.pretrain", f"--flagfile={FLAGS}", f"--run_dir={run}"]
    command += [f"--out={run}-out", *TINY.split(), *LOSSES.split()]
    processes = []
    for index in range(machines):
        task = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
        environment = {**os.environ, **({"TF_CONFIG": json.dumps(task)} if machines > 1 else {})}
        with open(f"{run}-{index}.log", "a") as log:
            processes.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
    return processes


def finish(run: Path, machines: int) -> list[dict]:
    for index, process in enumerate(start(run, machines)):
        assert process.wait(500) == 0, Path(f"{run}-{index}.log").read_text()[-3000:]
    return history(run)


def history(run: Path) -> list[dict]:
    lines = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    return [{name: line[name] for name in ("epoch", "step", "loss", "accuracy")} for line in lines]


def test_a_machine_is_killed_and_two_or_one_go_on(tmp_path):
    whole = finish(tmp_path / "whole", 2)
    assert [line["epoch"] for line in whole] == [1, 2, 3]
    record = json.loads((tmp_path / "whole" / "run.json").read_text())
    assert record["resolved"]["machines"] == record["resolved"]["replicas"] == 2

    killed = tmp_path / "killed"
    chief, other = start(killed, 2)
    while not (killed / "checkpoints" / "checkpoint").exists():
        assert chief.poll() is None, Path(f"{killed}-0.log").read_text()[-3000:]
        time.sleep(0.2)
    other.kill()
    assert chief.wait(300) == 2  # the health check finds out
    assert "a machine that trains with this one has ended" in Path(f"{killed}-0.log").read_text()
    assert len(history(killed)) < 3 and not list(Path(f"{killed}-out").rglob("saved_model.pb"))
    shutil.copytree(killed, tmp_path / "alone")

    assert finish(killed, 2) == whole
    alone = finish(tmp_path / "alone", 1)
    assert alone[0] == whole[0] and [line["step"] for line in alone] == [line["step"] for line in whole]
