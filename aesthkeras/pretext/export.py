"""From a run folder to a SavedModel."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf
from tensorflow import keras

from aesthkeras.errors import UsageError
from aesthkeras.networks.model_card import Origin
from aesthkeras.networks.saving import export_encoder
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.task import PretextTask, find_task
from aesthkeras.settings import from_text
from aesthkeras.training.checkpoints import restore_from
from aesthkeras.training.precision import use_precision
from aesthkeras.training.run_folder import RunFolder


def export_trained(run: RunFolder, folder: Path, data_notes: str = "") -> Path:
    """Exports the newest checkpoint of a run as the next version under `folder`.

    Args:
        run: a run folder with flags.cfg and a checkpoint.
        folder: `savedmodels/NAME`.
        data_notes: what the model card says about the photos' licence; empty for what run.json says.

    Returns:
        The folder of the new version.

    Raises:
        UsageError: the run has no flags or no checkpoint, or `folder` cannot be written.
    """
    task = task_of(run)
    encoder, head = trained_networks(run, task)
    serving = task.serving_head(head)
    assets = {
        "flags.cfg": run.flags.read_text(),
        "run.json": run.record.read_text() if run.record.exists() else "{}",
    }
    notes = {"notes": data_notes} if data_notes else {}
    notes["encoder_notes"] = run.read_record().get("data", {}).get("encoder_notes", "")
    meaning = (type(task).__doc__ or "").partition("\n")[0]
    try:
        return export_encoder(
            encoder,
            folder,
            resize_edge=task.recipe.resize,
            head=serving[0] if serving else None,
            class_names=serving[1] if serving else None,
            assets=assets,
            origin=Origin.of_run(run, task_meaning=meaning, **notes),
        )
    except OSError as error:
        raise UsageError(f"out={folder}: expected a folder to write to ({error.strerror})") from error


def task_of(run: RunFolder) -> PretextTask:
    """The task of a run, from its flags.cfg and, where it has one, its task.json.

    Raises:
        UsageError: there is no flags.cfg.
    """
    flags = run.read_flags()
    if not flags:
        raise UsageError(f"run_dir={run.path}: expected the folder of a run, with a flags.cfg in it")
    kind = find_task(flags["task"])
    task = kind(from_text(kind.Options, flags), from_text(Recipe, flags))
    facts = run.read_task_facts()
    if facts:
        task.recall(facts)
    return task


def trained_networks(run: RunFolder, task: PretextTask) -> tuple[keras.Model, keras.Model]:
    """Encoder and head in float32 with the weights of the newest checkpoint.

    Raises:
        UsageError: there is no checkpoint yet, it is damaged, or it does not fit the model of flags.cfg.
    """
    newest = tf.train.latest_checkpoint(str(run.checkpoints))
    if newest is None:
        raise UsageError(
            f"run_dir={run.path}: expected a checkpoint in {run.checkpoints}; the run has none yet"
        )
    use_precision("float32")
    encoder = task.build_encoder()
    head = task.build_head(encoder)
    restore_from(newest, tf.train.Checkpoint(encoder=encoder, head=head), networks_only=True)
    return encoder, head
