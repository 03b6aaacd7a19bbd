"""From a run folder to a SavedModel."""

from __future__ import annotations

from pathlib import Path

import keras

from aesthkeras.errors import UsageError
from aesthkeras.networks.model_card import Origin
from aesthkeras.networks.saving import export_encoder
from aesthkeras.networks.trained import read_trained, write_description
from aesthkeras.pretext.task import PretextTask, find_task
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
    flags = run.read_flags()
    if "task" not in flags:
        raise UsageError(f"run_dir={run.path}: expected the folder of a pre-training run, with a flags.cfg")
    networks = read_trained(run)
    head, class_names = networks.degradations or (None, None)
    assets = {
        "flags.cfg": run.flags.read_text(),
        "run.json": run.record.read_text() if run.record.exists() else "{}",
    }
    notes = {"notes": data_notes} if data_notes else {}
    notes["encoder_notes"] = run.read_record().get("data", {}).get("encoder_notes", "")
    meaning = (find_task(flags["task"]).__doc__ or "").partition("\n")[0]
    try:
        return export_encoder(
            networks.encoder,
            folder,
            resize_edge=networks.description.resize,
            head=head,
            class_names=class_names,
            assets=assets,
            origin=Origin.of_run(run, task_meaning=meaning, **notes),
        )
    except OSError as error:
        raise UsageError(f"out={folder}: expected a folder to write to ({error.strerror})") from error


def describe_run(run: RunFolder, task: PretextTask, encoder: keras.Model, head: keras.Model) -> None:
    """Writes down what the networks of a run are, so that they can be rebuilt without their task.

    Args:
        run: the folder of the run.
        task: which builds and trains them.
        encoder: the functional model whose weights the checkpoints hold as `encoder`.
        head: the model whose weights they hold as `head`.
    """
    serving = task.serving_head(head)
    served = (head, serving[1]) if serving else (None, None)
    write_description(run, encoder, task.recipe.resize, *served)
