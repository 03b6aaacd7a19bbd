"""Pre-trains an encoder on photos: `python -m aesthkeras.pretrain --flagfile=flags/pretext.cfg`.

It reads the photos in --data_dir and writes the trained encoder as a SavedModel under --out. Everything about
the run is in --run_dir; the same command, killed and started again, resumes from the last checkpoint.
"""

from __future__ import annotations

from dataclasses import fields

from absl import flags

from aesthkeras import command, storage
from aesthkeras.errors import UsageError
from aesthkeras.monitoring.progress import say
from aesthkeras.photos.shard_index import ShardIndex, find_index
from aesthkeras.photos.sources import find_photos
from aesthkeras.pretext.options import task_options
from aesthkeras.pretext.recipe import Recipe
from aesthkeras.pretext.run_settings import RunSettings
from aesthkeras.settings import flag_values
from aesthkeras.training.machines import is_chief, machines
from aesthkeras.training.run_folder import RunFolder


def define() -> None:
    """All flags of the command; `--task` decides which options there are."""
    flags.DEFINE_string("task", "degradation", "pretext task: a folder in aesthkeras/pretext/tasks")
    options = task_options(command.flag_before_parsing("task", "degradation"))
    command.define_flags(RunSettings, Recipe, options)


def main(_: list[str]) -> None:
    """Checks the flags, claims the run folder, then loads TensorFlow and trains."""
    run_settings, recipe = command.from_flags(RunSettings), command.from_flags(Recipe)
    options = command.from_flags(task_options(flags.FLAGS.task))
    options.check(recipe)  # before the claim, after which the folder would refuse a corrected recipe
    source = find_source(run_settings)
    run = RunFolder(run_settings.run_dir)
    start = strategy = None
    if machines() > 1:
        from aesthkeras.training.replicas import replicas_strategy

        strategy = replicas_strategy(run_settings.replicas)  # TensorFlow wants it before it computes anything
    begins = not run.has_checkpoint() and not run.exported_to(run_settings.saved_model())
    if recipe.start_from and begins:
        from aesthkeras.pretext.start import find_start
        from aesthkeras.pretext.task import find_task

        start = find_start(find_task(flags.FLAGS.task)(options, recipe))  # before the claim, too
    decisive = {"task", *(field.name for group in (recipe, options) for field in fields(group))}
    if is_chief():
        run.claim({"task": flags.FLAGS.task, **flag_values(run_settings, recipe, options)}, decisive)

    exported = run.exported_to(run_settings.saved_model())
    if exported:
        say(f"this run is finished, the encoder is in {exported}")
        return
    command.claim_out(run_settings.saved_model())

    from aesthkeras.pretext.pretraining import degradation_device, pretrain
    from aesthkeras.pretext.task import find_task
    from aesthkeras.training.replicas import replicas_strategy

    if run_settings.deterministic:
        from aesthkeras.training.precision import use_deterministic_operations

        use_deterministic_operations()
    device = degradation_device(run_settings.degrade_on)
    strategy = strategy or replicas_strategy(run_settings.replicas)
    with strategy.scope():
        task = find_task(flags.FLAGS.task)(options, recipe, device)
    pretrain(run, source, task, run_settings, start, strategy)


def find_source(run_settings: RunSettings) -> list[str] | ShardIndex:
    """The paths of the photos in --data_dir, or the shards there.

    Raises:
        UsageError: there are none, or the flags do not go together.
    """
    shards = find_index(run_settings.data_dir)
    if shards and run_settings.photo_list:
        raise UsageError("--photo_list: expected a folder of photos in --data_dir to go with it, not shards")
    if not shards and storage.is_remote(run_settings.data_dir):
        raise UsageError(
            f"--data_dir={run_settings.data_dir}: expected shards on a store; `prepare` makes them of photos"
        )
    return shards or find_photos(run_settings.data_dir, run_settings.photo_list or None)


if __name__ == "__main__":
    command.run(main, define)
