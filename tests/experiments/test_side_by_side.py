"""Jobs as real processes: side by side, on their devices, with their logs, and ended with their parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aesthkeras.errors import UsageError
from aesthkeras.experiments import devices, running, side_by_side
from aesthkeras.experiments.devices import require_devices
from aesthkeras.experiments.planning import Job
from aesthkeras.experiments.side_by_side import last_line, run_jobs

MEETING = """
import os, pathlib, sys, time
mine, theirs = map(pathlib.Path, sys.argv[1:])
mine.write_text(os.environ.get("CUDA_VISIBLE_DEVICES", "none"))
end = time.monotonic() + 30
while not theirs.exists():
    assert time.monotonic() < end, "alone"
    time.sleep(0.02)
print(mine.name, "met", theirs.name)
"""
SLEEPING = """
import os, pathlib, sys, time
pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
time.sleep(60)
"""
RUNNING = """
import signal
from pathlib import Path
from aesthkeras.experiments.planning import Job
from aesthkeras.experiments.side_by_side import run_jobs
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background has it ignored
jobs = [Job("sleeping", (f"{name}.pid",), Path(name)) for name in ("a", "b")]
run_jobs(jobs, ["cpu", "cpu"], Path("logs"))
"""


@pytest.fixture
def modules(tmp_path, monkeypatch) -> Path:
    """The working folder, with modules in it that a job may run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    Path("meeting.py").write_text(MEETING)
    Path("sleeping.py").write_text(SLEEPING)
    return tmp_path


@pytest.fixture
def two_gpus(modules, monkeypatch) -> None:
    """A machine whose driver lists two GPUs, one of them divided."""
    listing = "GPU 0: H100 (UUID: GPU-a)\n  MIG 1g.10gb Device 0: (UUID: MIG-b)\nGPU 1: H100 (UUID: GPU-c)\n"
    tool = modules / "tools" / "nvidia-smi"
    tool.parent.mkdir()
    tool.write_text(f"#!/bin/sh\ncat <<'END'\n{listing}END\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tool.parent), prepend=os.pathsep)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_jobs_run_side_by_side_each_on_its_device_with_a_log_of_its_own(two_gpus, capfd):
    jobs = [Job("meeting", names, Path(names[0])) for names in (("a", "b"), ("b", "a"))]
    assert run_jobs(jobs, ["gpu:1", "cpu"], Path("logs")) == []
    assert (Path("a").read_text(), Path("b").read_text()) == ("1", "-1")
    assert Path("logs/meeting-a.log").read_text() == "python -m meeting a b\na met b\n"
    assert Path("logs/meeting-b.log").read_text() == "python -m meeting b a\nb met a\n"
    said = capfd.readouterr().err
    assert "[1/2] begins on gpu:1, log in logs/meeting-a.log: python -m meeting a b" in said
    assert "[2/2] meeting-b: done after 0.0 minutes" in said


def test_one_device_runs_one_job_at_a_time_and_says_what_a_failed_one_said_last(modules, monkeypatch, capfd):
    monkeypatch.setattr(side_by_side, "STATUS_SECONDS", 0)
    lone = Job("aesthkeras.probe", ("--no_such_flag",), Path("x"))
    fine = Job("this", (), Path("y"))
    assert run_jobs([lone, fine], [""], Path("logs")) == [lone]
    said = capfd.readouterr().err
    assert "probe-x: failed, exit status 2" in said and "no_such_flag" in said
    assert said.index("probe-x: failed") < said.index("[2/2] begins, log")
    assert "[1/2] probe-x, 0 minutes: " in said
    assert "Namespaces are one honking great idea" in Path("logs/this-y.log").read_text()


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except OSError:
        return False


def within_seconds(condition, seconds=30) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux for the parent's death")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_when_the_command_is_killed_all_jobs_end(modules, number):
    parent = subprocess.Popen([sys.executable, "-c", RUNNING], stderr=subprocess.DEVNULL)
    notes = [Path("a.pid"), Path("b.pid")]
    try:
        assert within_seconds(lambda: all(note.exists() and note.read_text() for note in notes))
    finally:
        parent.send_signal(number)
        parent.wait(30)
    pids = [int(note.read_text()) for note in notes]
    assert within_seconds(lambda: not any(map(is_alive, pids)))


def test_an_interrupted_job_interrupts_all(modules):
    Path("interrupted.py").write_text("import sys; sys.exit(130)")
    jobs = [Job("sleeping", ("a.pid",), Path("a")), Job("interrupted", (), Path("b"))]
    with pytest.raises(KeyboardInterrupt):
        run_jobs(jobs, ["cpu", "cpu"], Path("logs"))
    pid = Path("a.pid").read_text() if Path("a.pid").exists() else ""
    assert not pid or not is_alive(int(pid))


def test_a_gpu_that_is_not_there_is_refused(two_gpus, monkeypatch):
    require_devices(["gpu:0", "gpu:1", "cpu"])
    with pytest.raises(UsageError, match="devices=gpu:2: expected a GPU that is there; 2 can be used"):
        require_devices(["gpu:0", "gpu:2"])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-c")
    assert devices.environment_of("gpu:0")["CUDA_VISIBLE_DEVICES"] == "GPU-c"
    with pytest.raises(UsageError, match="devices=gpu:1: .* 1 can be used"):
        require_devices(["gpu:1"])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    with pytest.raises(UsageError, match="devices=gpu:0: .* 0 can be used"):
        require_devices(["gpu:0"])


def test_without_a_driver_there_is_no_gpu(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="0 can be used"):
        require_devices(["gpu:0"])


def test_the_last_line_of_a_log_is_what_a_progress_bar_shows_now(tmp_path):
    log = tmp_path / "log"
    assert last_line(log) == ""
    log.write_bytes(b"python -m x\nTraining: 1%\rTraining: 40%\x1b[A\r\n \n")
    assert last_line(log) == "Training: 40%"
    log.write_bytes(b"\n" * 20_000 + b"\xff end")
    assert last_line(log) == "\ufffd end"


def test_a_system_without_prctl_runs_commands_too(monkeypatch, tmp_path):
    monkeypatch.setattr(devices.ctypes, "CDLL", lambda name: object())
    assert running.makes(Job("this", (), tmp_path))
