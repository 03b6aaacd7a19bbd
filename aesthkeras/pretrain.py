"""Pre-trains an encoder on photos: `python -m aesthkeras.pretrain --flagfile=flags/pretext.cfg`.

Photos go in by --data_dir, the trained encoder comes out as a SavedModel under --out. Everything about the
run lies in --run_dir; the same command, killed and started again, goes on from the last checkpoint.
"""

from __future__ import annotations

import sys
from dataclasses import fields
from typing import Any

from absl import flags

from aesthkeras import command
from aesthkeras.data import storage
from aesthkeras.data.shard_index import find_index
from aesthkeras.data.sources import find_photos
from aesthkeras.errors import UsageError
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.surroundings import Surroundings
from aesthkeras.pretext.task import find_task
from aesthkeras.results.run_folder import RunFolder
from aesthkeras.settings import flag_values


def define() -> None:
    """All flags of the command; `--task` decides which options there are."""
    flags.DEFINE_string("task", "degradation", "pretext task: the name of a file in aesthkeras/pretext")
    task = find_task(command.flag_before_parsing("task", "degradation"))
    for settings in (Surroundings, Recipe, task.Options):
        command.define_flags(settings)


def main(_: list[str]) -> None:
    """Checks the flags, claims the run folder, then loads TensorFlow and trains."""
    task = find_task(flags.FLAGS.task)
    surroundings, recipe = command.from_flags(Surroundings), command.from_flags(Recipe)
    options: Any = command.from_flags(task.Options)
    task.check(recipe)  # before the folder is claimed: it would keep a wrong recipe as its own
    shards = find_index(surroundings.data_dir)
    if shards and surroundings.photo_list:
        raise UsageError("--photo_list: expected a folder of photos in --data_dir to go with it, not shards")
    if not shards and storage.is_remote(surroundings.data_dir):
        raise UsageError(
            f"--data_dir={surroundings.data_dir}: expected shards on a store; `prepare` makes them of photos"
        )
    source = shards or find_photos(surroundings.data_dir, surroundings.photo_list or None)
    run = RunFolder(surroundings.run_dir)
    start = None
    begins = not run.has_checkpoint() and not run.exported_to(surroundings.saved_model())
    if recipe.start_from and begins:
        from aesthkeras.pretext.start import find_start

        # for the same reason before the claim
        start = find_start(task(options, recipe))
    decisive = {"task", *(field.name for group in (recipe, options) for field in fields(group))}
    run.claim({"task": flags.FLAGS.task, **flag_values(surroundings, recipe, options)}, decisive)

    exported = run.exported_to(surroundings.saved_model())
    if exported:
        print(f"aesthkeras: this run is finished, the encoder is in {exported}", file=sys.stderr)
        return
    command.claim_out(surroundings.saved_model())

    from aesthkeras.pretext.pretraining import degradation_device, pretrain

    device = degradation_device(surroundings.degrade_on)
    pretrain(run, source, task(options, recipe, device), surroundings, start)


if __name__ == "__main__":
    command.run(main, define)
