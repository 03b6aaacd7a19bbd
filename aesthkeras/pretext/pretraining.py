"""The main job from end to end: photos in, a trained and exported encoder out."""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import tensorflow as tf

from aesthkeras.data.inspection import PhotoSet, inspect_photos
from aesthkeras.data.sources import find_photos
from aesthkeras.errors import UsageError
from aesthkeras.pretext.export import export_trained
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.surroundings import Surroundings
from aesthkeras.pretext.task import PretextTask
from aesthkeras.pretext.training import train
from aesthkeras.results.run_folder import RunFolder, machine_facts


def pretrain(
    run: RunFolder, task_class: type[PretextTask], recipe: Recipe, options: Any, surroundings: Surroundings
) -> Path:
    """Finds and checks the photos, trains, exports; says in one line each what came out.

    Returns:
        The folder of the exported SavedModel.

    Raises:
        UsageError: what the user can mend: flags, folders, photos.
    """
    task = task_class(options, recipe, degradation_device(surroundings.degrade_on))
    photos = gather_photos(run, recipe, surroundings)
    facts = {
        "photos": len(photos.paths),
        "quarantined": photos.quarantined,
        "fingerprint": photos.fingerprint,
    }
    run.update_record(data=facts, seed=recipe.seed, **machine_facts())
    train(run, task, recipe, photos, surroundings)
    folder = export_trained(run, surroundings.saved_model())
    run.update_record(finished=datetime.now(timezone.utc).isoformat(timespec="seconds"), exported=str(folder))
    if photos.quarantined:
        say(f"{photos.quarantined} photos could not be used and are listed in {run.quarantine}")
    say(f"the encoder is in {folder}; tensorboard --logdir={run.tensorboard} shows the run")
    return folder


def gather_photos(run: RunFolder, recipe: Recipe, surroundings: Surroundings) -> PhotoSet:
    """Lists the photos and decodes each once, unless this run has done so before."""
    paths = find_photos(surroundings.data_dir, surroundings.photo_list or None)
    return inspect_photos(paths, str(run.path), edge=recipe.resize, cache=surroundings.cache)


def degradation_device(degrade_on: str) -> str:
    """`cpu` or `gpu` for the flag `--degrade_on`.

    Raises:
        UsageError: a GPU is asked for and TensorFlow sees none.
    """
    has_gpu = bool(tf.config.list_physical_devices("GPU"))
    if degrade_on == "gpu" and not has_gpu:
        raise UsageError("--degrade_on=gpu: expected a machine whose GPU TensorFlow can use; none is seen")
    return "gpu" if degrade_on == "gpu" or (degrade_on == "auto" and has_gpu) else "cpu"


def say(line: str) -> None:
    """One line for the person at the terminal; standard output stays free for data."""
    print(f"aesthkeras: {line}", file=sys.stderr)
