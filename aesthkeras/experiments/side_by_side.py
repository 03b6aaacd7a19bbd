"""Runs jobs side by side, each in a process on a device, its output in a log of its own."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from aesthkeras.experiments.devices import end_with_parent, environment_of
from aesthkeras.experiments.planning import PRETRAIN, Job
from aesthkeras.monitoring.progress import say

POLL_SECONDS = 0.2
STATUS_SECONDS = 60  # between two lines about what is running
END_SECONDS = 10  # that a job may take to end
INTERRUPTED = 130  # exit status
LONGEST_LINE = 160
CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")  # by which a progress bar moves about


class Running(NamedTuple):
    """A job at work: `number` of how many, on which device, since when."""

    job: Job
    number: str
    device: str
    process: subprocess.Popen[bytes]
    log: Path
    began: float

    @property
    def minutes(self) -> float:
        """How long it has run."""
        return (time.monotonic() - self.began) / 60


def start(job: Job, device: str, log: Path) -> subprocess.Popen[bytes]:
    """Starts the job in a process that ends with this one; what it prints is added to its log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "ab") as output:
        output.write(f"{job.shown()}\n".encode())
        output.flush()
        return subprocess.Popen(
            [sys.executable, "-m", job.module, *job.flags],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment_of(device),
            # from this one thread: the system tells a child of the end of the thread that started it
            preexec_fn=end_with_parent,
        )


def run_jobs(jobs: Sequence[Job], devices: Sequence[str], logs: Path) -> list[Job]:
    """Runs what is not done, in order, one job on each device at a time.

    A test waits for the pre-training that it needs, and is left out where that has failed.

    Args:
        jobs: in the order in which they are to begin.
        devices: `gpu:NUMBER` or `cpu` for each job that may run at a time; empty names see the machine.
        logs: folder of the logs, one of each job's name.

    Returns:
        The jobs that failed.

    Raises:
        KeyboardInterrupt: this process or a job was interrupted; all jobs are ended.
    """
    waiting = {f"{number}/{len(jobs)}": job for number, job in enumerate(jobs, 1)}
    running: dict[int, Running] = {}
    failed: list[Job] = []
    told = time.monotonic()
    try:
        while waiting or running:
            for slot, device in enumerate(devices):
                number = _next(waiting, running, failed) if slot not in running else None
                if number:
                    running[slot] = _started(waiting.pop(number), number, device, logs)
            ended = [slot for slot, one in running.items() if one.process.poll() is not None]
            for slot in ended:
                one = running.pop(slot)
                if not _succeeded(one):
                    failed.append(one.job)
            if time.monotonic() - told > STATUS_SECONDS:
                told = time.monotonic()
                for one in running.values():
                    say(f"[{one.number}] {one.job.name}, {one.minutes:.0f} minutes: {last_line(one.log)}")
            if running and not ended:
                time.sleep(POLL_SECONDS)
    finally:
        _end([one.process for one in running.values()])
    return failed


def _next(waiting: dict[str, Job], running: dict[int, Running], failed: Sequence[Job]) -> str | None:
    """The number of the first job that can begin; forgets those that are done or lack their encoder."""
    unfinished = {job.folder for job in waiting.values() if job.module == PRETRAIN}
    unfinished |= {one.job.folder for one in running.values()}
    lost = {job.folder for job in failed}
    for number, job in list(waiting.items()):
        if job.needs in lost:
            del waiting[number]
        elif job.needs not in unfinished:
            if not job.is_done():
                return number
            del waiting[number]
    return None


def _started(job: Job, number: str, device: str, logs: Path) -> Running:
    log = logs / f"{job.name}.log"
    where = f" on {device}" if device else ""
    say(f"[{number}] begins{where}, log in {log}: {job.shown()}")
    return Running(job, number, device, start(job, device, log), log, time.monotonic())


def _succeeded(one: Running) -> bool:
    """Says how the job ended."""
    status = one.process.returncode
    if status == INTERRUPTED:
        raise KeyboardInterrupt
    how = "done" if status == 0 else f"failed, exit status {status}"
    why = "" if status == 0 else f"; {one.log} ends: {last_line(one.log)}"
    say(f"[{one.number}] {one.job.name}: {how} after {one.minutes:.1f} minutes{why}")
    if status == 0:
        # up to gigabytes for each test, and computed again in a small part of a training
        shutil.rmtree(one.job.folder / "features", ignore_errors=True)
    return status == 0


def last_line(log: Path) -> str:
    """The last line of a log that says something, without what moves the cursor."""
    try:
        with open(log, "rb") as file:
            file.seek(max(0, file.seek(0, 2) - 8192))
            text = CONTROL.sub("", file.read().decode(errors="replace"))
    except OSError:
        return ""
    said = [line.strip() for line in re.split(r"[\r\n]", text) if line.strip()]
    return said[-1][:LONGEST_LINE] if said else ""


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + END_SECONDS
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
