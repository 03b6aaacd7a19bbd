"""Small recipes and data sets in the working folder, and a stand-in for the processes of jobs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from aesthkeras.experiments import running, side_by_side
from aesthkeras.experiments.planning import Job
from aesthkeras.experiments.settings import ExperimentSettings

WRITTEN = {"aesthkeras.pretrain": "run.json", "aesthkeras.probe": "predictions.npz"}


@pytest.fixture
def settings(tmp_path, monkeypatch) -> ExperimentSettings:
    monkeypatch.chdir(tmp_path)
    for name in ("recipes/ours.cfg", "recipes/rival.cfg", "probe.cfg"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).touch()
    for name in ("oasis", "clive"):
        Path(name).mkdir()
        rows = [f"{number}.jpg,{number}" for number in range(40)]
        for row in rows:
            (Path(name) / row.partition(",")[0]).touch()
        (Path(name) / "labels.csv").write_text("\n".join(["path,score", *rows]))
    return ExperimentSettings(
        recipes="recipes",
        seeds="0,3",
        untrained="random:alexnet?width=0.5",
        calibration_dir="photos",
        probe_sets="oasis,csv:clive",
        probe_recipe="probe.cfg",
        run_dir="runs",
    )


class Ended:
    """A process that has ended at once."""

    def __init__(self, status: int) -> None:
        self.returncode = status

    def poll(self) -> int:
        return self.returncode


class Commands:
    """Stands for the commands: remembers them, and writes what they would have written."""

    def __init__(self, failing: str, writes: bool) -> None:
        self.failing, self.writes = failing, writes
        self.shown: list[str] = []
        self.devices: list[str] = []

    def start(self, job: Job, device: str, log: Path) -> Ended:
        self.devices.append(device)
        return Ended(0 if self.makes(job) else 2)

    def makes(self, job: Job) -> bool:
        self.shown.append(job.shown())
        if self.failing and self.failing in job.shown():
            return False
        if self.writes:
            (job.folder / "features").mkdir(parents=True, exist_ok=True)
            if job.module in WRITTEN:
                (job.folder / WRITTEN[job.module]).touch()
        return True


@pytest.fixture
def commands(monkeypatch) -> Callable[..., Commands]:
    """`commands(failing="", writes=True)`: from now on no process is started."""

    def make(failing: str = "", writes: bool = True) -> Commands:
        made = Commands(failing, writes)
        monkeypatch.setattr(side_by_side, "start", made.start)
        monkeypatch.setattr(running, "makes", made.makes)
        return made

    return make
