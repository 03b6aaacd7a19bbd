"""Which commands a set of experiments is: pre-training runs, what tests their encoders, the report.

Each job is a command of this package in a process of its own, so that every number can be made again without
this file. This file imports no TensorFlow.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from aesthkeras import storage
from aesthkeras.command import flag_file, parsed, with_flag_files
from aesthkeras.datasets.settings import DatasetSettings
from aesthkeras.errors import UsageError
from aesthkeras.experiments.settings import ExperimentSettings, ProbeSet, more_flags
from aesthkeras.labelled.predictions import PREDICTIONS
from aesthkeras.labelled.protocols import read_labelled
from aesthkeras.labelled.settings import LabelledRunSettings, listed
from aesthkeras.photos.sources import SAMPLES
from aesthkeras.pretext.options import task_options
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.run_settings import RunSettings
from aesthkeras.probes.settings import ProbeRecipe
from aesthkeras.scorers.settings import ScorerRecipe, ScorerRunSettings
from aesthkeras.settings import flag_values
from aesthkeras.training.run_folder import RunFolder

INDIFFERENT = {"run_dir", "feature_dir", "cache", "checkpoint_minutes", "out", "data_notes"}
"""Flags that change no number."""
PRETRAIN, REPORT = "aesthkeras.pretrain", "aesthkeras.report"
TESTS = {"linear": "aesthkeras.probe", "nonlinear": "aesthkeras.adapt"}
FLAGS_OF = {
    "aesthkeras.probe": (LabelledRunSettings, ProbeRecipe, DatasetSettings),
    "aesthkeras.adapt": (ScorerRunSettings, ScorerRecipe, DatasetSettings),
}


class Job(NamedTuple):
    """A command: it writes to `folder`; `needs` is the folder of the run whose encoder it reads, or None."""

    module: str
    flags: tuple[str, ...]
    folder: Path
    needs: Path | None = None

    @property
    def name(self) -> str:
        """The command and its run, as in `probe-ours-seed0-ava`; names the log."""
        return f"{self.module.rpartition('.')[2]}-{self.folder.name}"

    def shown(self) -> str:
        """The command as it is typed in a shell."""
        return shlex.join(["python", "-m", self.module, *self.flags])

    def is_done(self) -> bool:
        """Whether the command need not run: a test of an encoder, finished and newer than the encoder.

        A test that was made with other flags counts as not done: when it runs, it says what differs.
        Pre-training always runs; it finds out by itself that it is finished.
        """
        written = self.folder / PREDICTIONS
        if self.module not in FLAGS_OF or not written.exists():
            return False
        record = self.needs / "run.json" if self.needs else None
        if record and not record.exists():  # the encoder is gone
            return False
        run = RunFolder(self.folder)
        if self.module == TESTS["nonlinear"] and "exported" not in run.read_record():
            return False
        is_newer = record is None or record.stat().st_mtime <= written.stat().st_mtime
        asked, earlier = flags_of_test(self.module, self.flags), run.read_flags()
        return is_newer and all(asked[name] == text for name, text in earlier.items() if name in asked)


def flags_of_test(module: str, arguments: Sequence[str]) -> dict[str, str]:
    """The flags that a test's numbers depend on, from the arguments of its command: flag name -> text.

    Raises:
        UsageError: they are no flags of it.
    """
    values = flag_values(*parsed(FLAGS_OF[module], arguments))
    return {name: text for name, text in values.items() if name not in INDIFFERENT}


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


def plan(settings: ExperimentSettings) -> list[Job]:
    """All jobs: seed by seed, the untrained encoder first; an encoder's tests follow what makes it.

    Raises:
        UsageError: a recipe, the photos or a data set is not there or cannot be used, or a flag is wrong.
    """
    root, files = Path(settings.run_dir), recipe_files(settings.recipes)
    jobs: list[Job] = []
    for seed in listed(settings.seeds):
        if settings.untrained:
            joint = "&" if "?" in settings.untrained else "?"
            encoder = f"{settings.untrained}{joint}seed={seed}"
            jobs += _tests(settings, f"untrained-seed{seed}", encoder, None)
        for file in files:
            name = f"{file.stem}-seed{seed}"
            run, model = root / "pretrain" / name, root / "models" / name
            photos = [f"--data_dir={settings.photos}"] if settings.photos else []
            places = (f"--seed={seed}", f"--run_dir={run}", f"--out={model}")
            flags = (f"--flagfile={file}", *more_flags(settings.pretrain_flags), *photos, *places)
            _check_pretraining(flags, "photos" if settings.photos else "data_dir")
            jobs.append(Job(PRETRAIN, flags, run))
            jobs += _tests(settings, name, str(model), run)
    for name, encoder in settings.known_encoders:
        jobs += _tests(settings, name, encoder, None)
    folders = [job.folder for job in jobs]
    for folder in folders:
        if folders.count(folder) > 1:
            raise UsageError(f"encoders={settings.encoders}: expected other names; two are {folder.name}")
    for _, one in settings.tested_on:
        _check_data_set(settings, one)
    return jobs


def _tests(settings: ExperimentSettings, name: str, encoder: str, needs: Path | None) -> Iterator[Job]:
    """What tests one encoder: a job a data set."""
    for set_name, one in settings.tested_on:
        run = f"{name}-{set_name}"
        folder = settings.test_folder / run
        flags = _test_flags_on(settings, one) + [f"--encoder={encoder}", f"--run_dir={folder}"]
        if needs is None:
            flags.append(f"--calibration_dir={settings.calibrated_on}")
        if settings.head == "nonlinear":
            flags.append(f"--out={Path(settings.run_dir) / 'scorers' / run}")
        yield Job(TESTS[settings.head], tuple(flags), folder, needs)


def _test_flags_on(settings: ExperimentSettings, one: ProbeSet) -> list[str]:
    places = [f"--dataset={one.dataset}", f"--data_dir={one.data_dir}"]
    return [f"--flagfile={settings.probe_recipe}", *more_flags(settings.probe_flags), *places]


def _check_pretraining(arguments: Sequence[str], argument: str) -> None:
    """Raises `UsageError` for what the command would refuse, but hours later."""
    expanded = with_flag_files(arguments)
    tasks = [text.partition("=")[2] for text in expanded if text.startswith("--task=")]
    others = [text for text in expanded if not text.startswith("--task=")]
    groups = (RunSettings, Recipe, task_options(tasks[-1] if tasks else "degradation"))
    values: list[Any] = parsed(groups, others)
    where, recipe, options = values
    options.check(recipe)
    there = where.data_dir == SAMPLES or storage.is_remote(where.data_dir) or os.path.isdir(where.data_dir)
    if not there:
        raise UsageError(f"{argument}={where.data_dir}: expected a folder of photos or of shards")


def _check_data_set(settings: ExperimentSettings, one: ProbeSet) -> None:
    """Raises `UsageError` where the data set cannot be read, or not be used as the recipe wants."""
    arguments = [*_test_flags_on(settings, one), "--encoder=any"]
    values: list[Any] = parsed(FLAGS_OF[TESTS[settings.head]], arguments)
    _, recipe, choices = values
    try:
        read_labelled(one.dataset, one.data_dir, choices, recipe)
    except UsageError as error:
        reason = str(error).removeprefix(f"data_dir={one.data_dir}: ")
        raise UsageError(f"probe_sets={one.data_dir}: {reason}") from error


def report_job(settings: ExperimentSettings, jobs: Sequence[Job]) -> Job | None:
    """The report of all tests that are done; None while there are none."""
    done = [job.folder for job in jobs if job.is_done()]
    out = settings.out or f"{settings.run_dir}/report"
    chosen = [f"--reference={settings.reference}"] if settings.reference else []
    chosen += ["--paper"] if settings.paper else []
    flags = (*map(str, done), f"--out={out}", "--pool_seeds", *chosen)
    return Job(REPORT, flags, Path(out)) if done else None
