"""The main job from end to end: photos in, a trained and exported encoder out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import tensorflow as tf

from aesthkeras.errors import UsageError
from aesthkeras.finding.found import FoundEncoder
from aesthkeras.monitoring.progress import counted, say
from aesthkeras.photos.inspection import inspect_photos
from aesthkeras.photos.notes import find_notes
from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.photos.shard_index import ShardIndex
from aesthkeras.photos.shard_photos import shard_photos
from aesthkeras.photos.sources import SAMPLES
from aesthkeras.photos.verdict import forget_verdict
from aesthkeras.pretext.export import export_trained
from aesthkeras.pretext.run_settings import RunSettings
from aesthkeras.pretext.start import block_weights
from aesthkeras.pretext.task import PretextTask
from aesthkeras.pretext.training import train
from aesthkeras.training.machines import is_chief, machines
from aesthkeras.training.replicas import chief_first
from aesthkeras.training.run_folder import RunFolder, machine_facts


def pretrain(
    run: RunFolder,
    source: Sequence[str] | ShardIndex,
    task: PretextTask,
    run_settings: RunSettings,
    start: FoundEncoder | None = None,
    strategy: tf.distribute.Strategy | None = None,
) -> Path | None:
    """Decodes every photo once, trains, exports; says in one line each what came out.

    Args:
        run: the run's own folder; a run that was killed goes on from what lies there.
        source: the paths of the photos, or the shards that hold them.
        task: what to learn from them.
        run_settings: devices, caches, what to watch.
        start: the encoder whose blocks the training begins with; None for random ones, or a checkpoint.
        strategy: of the replicas, in whose scope the task was made; None for one.

    Returns:
        The folder of the exported SavedModel; None on a machine that is not the chief.

    Raises:
        UsageError: what the user can mend: flags, folders, photos.
    """
    strategy = strategy or tf.distribute.get_strategy()
    with strategy.scope():
        photos = chief_first(lambda: _photos(run, source, task, run_settings))
        chief_first(lambda: study_once(run, task, photos))
    if is_chief():
        _note(run, photos, task, run_settings, start, strategy.num_replicas_in_sync)
    train(run, task, photos, run_settings, block_weights(start.model) if start else None, strategy)
    if not is_chief():
        return None
    folder = export_trained(run, run_settings.saved_model())
    run.update_record(finished=datetime.now(timezone.utc).isoformat(timespec="seconds"), exported=str(folder))
    if photos.quarantined:
        say(f"{counted(photos.quarantined, 'photo')} could not be used; {run.quarantine} says why")
    say(f"the encoder is in {folder}; tensorboard --logdir={run.tensorboard} shows the run")
    return folder


def _photos(
    run: RunFolder, source: Sequence[str] | ShardIndex, task: PretextTask, run_settings: RunSettings
) -> PhotoSet:
    edge, cache = task.photo_edge, run_settings.cache
    if isinstance(source, ShardIndex):
        return shard_photos(source, str(run.path), edge=edge, cache=cache)
    found_in = "" if run_settings.data_dir == SAMPLES else run_settings.data_dir
    photos = inspect_photos(
        source, str(run.path), edge=edge, cache=cache, progress=is_chief(), folder=found_in
    )
    return replace(photos, folder=found_in)


def _note(
    run: RunFolder,
    photos: PhotoSet,
    task: PretextTask,
    run_settings: RunSettings,
    start: FoundEncoder | None,
    replicas: int,
) -> None:
    """Writes into run.json what the run is made of and where it runs."""
    notes = find_notes(run_settings.data_dir, run_settings.data_notes)
    # A run that goes on has no `start`; what it noted of that when it began is kept.
    facts = run.read_record().get("data", {}) | photos.facts() | {"notes": notes}
    if start:
        facts |= {"start_from": start.fingerprint, "encoder_notes": start.notes}
    resolved = {**task.resolved(), "replicas": replicas, "machines": machines()}
    run.update_record(data=facts, seed=task.recipe.seed, resolved=resolved, **machine_facts())


def study_once(run: RunFolder, task: PretextTask, photos: PhotoSet) -> None:
    """Gives the task what it must know of the photos: from the run folder, or found out now and kept.

    Raises:
        UsageError: the task cannot learn from these photos; the run folder takes others then.
    """
    if not run.task_facts.exists():
        try:
            facts = task.study(photos)
        except UsageError:
            forget_verdict(str(run.path))  # it would hold the run to these photos
            raise
        if not facts:
            return
        run.write_task_facts(facts)
    task.recall(run.read_task_facts())


def degradation_device(degrade_on: str) -> str:
    """`cpu` or `gpu` for the flag `--degrade_on`.

    Raises:
        UsageError: a GPU is asked for and TensorFlow sees none.
    """
    has_gpu = bool(tf.config.list_physical_devices("GPU"))
    if degrade_on == "gpu" and not has_gpu:
        raise UsageError("degrade_on=gpu: expected a machine whose GPU TensorFlow can use; none is seen")
    return "gpu" if degrade_on == "gpu" or (degrade_on == "auto" and has_gpu) else "cpu"
