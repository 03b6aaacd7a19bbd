"""A set of experiments: pre-training runs of several seeds, their probes on several data sets, one report.

Each part is a command that runs in a process of its own and is printed before it runs, so that every number
of the report can be reproduced without this file. Finished parts are skipped; a killed one goes on.
"""

from __future__ import annotations

import ctypes
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from aesthkeras.command import flag_file, parsed
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.errors import UsageError
from aesthkeras.labelled.predictions import PREDICTIONS
from aesthkeras.labelled.settings import LabelledRunSettings, listed
from aesthkeras.monitoring.progress import say
from aesthkeras.probes.settings import ProbeRecipe
from aesthkeras.settings import flag_values, require, require_text, setting
from aesthkeras.training.run_folder import RunFolder

INDIFFERENT = {"run_dir", "feature_dir", "cache", "checkpoint_minutes"}  # flags that change no number
SET_PARENT_DEATH_SIGNAL = 1  # of Linux's prctl


@dataclass(frozen=True)
class ExperimentSettings:
    """Which recipes, seeds and data sets, and where everything goes."""

    recipes: str = setting(
        "",
        "flag files of pre-training runs, or folders of them, separated by commas; a file names its run",
    )
    seeds: str = setting("0", "training seeds of every recipe, separated by commas")
    untrained: str = setting(
        "",
        "encoder without pre-training to probe beside them, as random:alexnet?width=0.5&crop=131&resize=148; "
        "it takes the same seeds; empty for none",
    )
    calibration_dir: str = setting(
        "samples", "folder of the unlabelled photos that set the batch normalisation of the untrained encoder"
    )
    probe_dirs: str = setting("", "csv data sets to probe on, separated by commas")
    probe_recipe: str = setting("flags/probe.cfg", "flag file of the probes")
    run_dir: str = setting("runs/experiments", "folder of all runs, models and probes; sets may share one")
    out: str = setting("", "folder of the report; empty for RUN_DIR/report")
    reference: str = setting(
        "", "encoder to take differences against; empty takes the untrained one, else the first"
    )

    def __post_init__(self) -> None:
        """Checks that nothing needed is empty; raises `UsageError` naming the flag."""
        require(self, "recipes", bool(listed(self.recipes)), "flag files, or folders of them")
        require(self, "probe_dirs", bool(listed(self.probe_dirs)), "folders with a labels.csv")
        require(self, "run_dir", bool(self.run_dir), "a folder")
        for name in ("run_dir", "out", "probe_dirs"):
            require_text(name, getattr(self, name))
        numbers = listed(self.seeds)
        whole = bool(numbers) and all(number.isdecimal() for number in numbers)
        require(self, "seeds", whole and len(set(numbers)) == len(numbers), "different numbers, as in 0,1")
        require(self, "probe_recipe", flag_file(self.probe_recipe).is_file(), "a flag file")


class Job(NamedTuple):
    """A command: it writes to `folder`; `needs` is the folder of the run whose encoder it reads, or None."""

    module: str
    flags: tuple[str, ...]
    folder: Path
    needs: Path | None = None

    def shown(self) -> str:
        """The command as it is typed in a shell."""
        return shlex.join(["python", "-m", self.module, *self.flags])

    def is_done(self) -> bool:
        """Whether the command need not run: a probe with predictions that are newer than the encoder.

        A probe that was made with other flags counts as not done: when it runs, it says what differs.
        Pre-training always runs; it finds out by itself that it is finished.
        """
        written = self.folder / PREDICTIONS  # what a probe writes last
        if self.module != "aesthkeras.probe" or not written.exists():
            return False
        record = self.needs / "run.json" if self.needs else None
        if record and not record.exists():  # the encoder is gone
            return False
        is_newer = record is None or record.stat().st_mtime <= written.stat().st_mtime
        asked, earlier = probe_flags(self.flags), RunFolder(self.folder).read_flags()
        return is_newer and all(asked[name] == text for name, text in earlier.items() if name in asked)


def probe_flags(arguments: Sequence[str]) -> dict[str, str]:
    """The flags that a probe's numbers depend on, from the arguments of its command: flag name -> text.

    Raises:
        UsageError: they are no flags of a probe.
    """
    values = flag_values(*parsed((LabelledRunSettings, ProbeRecipe, DatasetSettings), arguments))
    return {name: text for name, text in values.items() if name not in INDIFFERENT}


class Experiment(NamedTuple):
    """One encoder: its name, and the commands that make and probe it, in order."""

    name: str
    jobs: list[Job]


def recipe_files(recipes: str) -> list[Path]:
    """The flag files that `--recipes` names, each folder's in order.

    Raises:
        UsageError: there is no such file, a folder has none, or two have the same name.
    """
    files: list[Path] = []
    for part in listed(recipes):
        place = flag_file(part)
        found = sorted(place.glob("*.cfg")) if place.is_dir() else [place]
        if not found or not found[0].is_file():
            raise UsageError(f"recipes={part}: expected a flag file, or a folder of files *.cfg")
        files += found
    names = [file.stem for file in files]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"recipes={recipes}: expected different names; two files are called {name}.cfg")
    return files


def plan(settings: ExperimentSettings) -> list[Experiment]:
    """All experiments: seed by seed, the untrained encoder first.

    Raises:
        UsageError: a recipe or a data set is not there, two have one name, or a flag is wrong.
    """
    root = Path(settings.run_dir)
    files = recipe_files(settings.recipes)
    data_dirs = listed(settings.probe_dirs)
    for data_dir in data_dirs:
        if not os.path.isfile(os.path.join(data_dir, "labels.csv")):
            raise UsageError(f"probe_dirs={data_dir}: expected a folder with a labels.csv in it")
    if len({Path(data_dir).name for data_dir in data_dirs}) < len(data_dirs):
        raise UsageError(
            f"probe_dirs={settings.probe_dirs}: expected folders of different names; they name the probes"
        )
    experiments = []
    for seed in listed(settings.seeds):
        if settings.untrained:
            joint = "&" if "?" in settings.untrained else "?"
            name, encoder = f"untrained-seed{seed}", f"{settings.untrained}{joint}seed={seed}"
            experiments.append(Experiment(name, _probes(settings, name, encoder, None)))
        for file in files:
            name = f"{file.stem}-seed{seed}"
            run, model = root / "pretrain" / name, root / "models" / name
            flags = (f"--flagfile={file}", f"--seed={seed}", f"--run_dir={run}", f"--out={model}")
            pretrain = Job("aesthkeras.pretrain", flags, run)
            experiments.append(Experiment(name, [pretrain, *_probes(settings, name, str(model), run)]))
    return experiments


def _probes(settings: ExperimentSettings, name: str, encoder: str, needs: Path | None) -> list[Job]:
    jobs = []
    for data_dir in listed(settings.probe_dirs):
        folder = Path(settings.run_dir) / "probes" / f"{name}-{Path(data_dir).name}"
        flags = [
            f"--flagfile={settings.probe_recipe}",
            f"--encoder={encoder}",
            f"--data_dir={data_dir}",
            f"--run_dir={folder}",
        ]
        if needs is None:
            flags.append(f"--calibration_dir={settings.calibration_dir}")
        probe_flags(flags)  # a mistake in the recipe must not show after hours of training
        jobs.append(Job("aesthkeras.probe", tuple(flags), folder, needs))
    return jobs


def report_job(settings: ExperimentSettings, experiments: Sequence[Experiment]) -> Job | None:
    """The report of all probes that are done; None while there are none."""
    done = [job.folder for one in experiments for job in one.jobs if job.is_done()]
    out = settings.out or f"{settings.run_dir}/report"
    chosen = [f"--reference={settings.reference}"] if settings.reference else []
    flags = (*map(str, done), f"--out={out}", "--pool_seeds", *chosen)
    return Job("aesthkeras.report", flags, Path(out)) if done else None


def run_experiments(settings: ExperimentSettings) -> None:
    """Runs what is not done yet, and then the report; if one command fails, the other experiments still run.

    Raises:
        UsageError: some failed, each after saying why; the report is of the others.
    """
    experiments = plan(settings)
    failed = []
    for number, experiment in enumerate(experiments, 1):
        for job in experiment.jobs:
            if job.is_done():
                continue
            say(f"[{number}/{len(experiments)}] {job.shown()}")
            if not succeeds(job):
                failed.append(experiment.name)
                break
            # 150 MB for each probe, and computed again in half a minute
            shutil.rmtree(job.folder / "features", ignore_errors=True)
    report = report_job(settings, experiments)
    if report:
        say(report.shown())
        if not succeeds(report):
            failed.append("the report")
    if failed:
        raise UsageError(f"failed: {', '.join(failed)}; the same command goes on with what is not done")


def succeeds(job: Job) -> bool:
    """Runs the command in a process that ends with this one; says how long it took."""
    began = time.monotonic()
    command = [sys.executable, "-m", job.module, *job.flags]
    status = subprocess.run(command, check=False, preexec_fn=_end_with_parent).returncode
    if status == 130:
        raise KeyboardInterrupt
    say(f"{job.folder}: {(time.monotonic() - began) / 60:.1f} minutes, exit status {status}")
    return status == 0


def _end_with_parent() -> None:
    """Runs in the new process, which otherwise would go on training after its parent was killed.

    macOS has no such call: there the process ends with Ctrl-C, but outlives a parent that was killed.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "prctl"):
        library.prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
