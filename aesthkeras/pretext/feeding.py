"""What a training step is fed: on a CPU with views, for a GPU with patches, each machine with its rows."""

from __future__ import annotations

import tensorflow as tf

from aesthkeras.errors import UsageError
from aesthkeras.photos.patches import patch_dataset
from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.pretext.model import SEEDS, PretextModel
from aesthkeras.pretext.task import PretextTask, Tensors
from aesthkeras.training.machines import machine, machines


def patch_stream(photos: PhotoSet, task: PretextTask, first_step: int) -> tf.data.Dataset:
    """The endless batches of patches that a task trains on, this machine's rows, from the given step on."""
    recipe = task.recipe
    return patch_dataset(
        photos,
        edge=task.photo_edge,
        crop=task.patch_edge,
        batch_size=recipe.batch_size,
        crops_per_photo=recipe.crops_per_photo,
        seed=recipe.seed,
        first_step=first_step,
        shuffle_buffer=recipe.shuffle_buffer,
        crops=recipe.crops,
        part=machine(),
        parts=machines(),
    )


def step_dataset(patches: tf.data.Dataset, task: PretextTask) -> tf.data.Dataset:
    """What a training step takes, made ahead of it: on a CPU the views, for a GPU the patches.

    A `map` has no GPU kernel, so on a GPU the step makes the views itself: `PretextModel.with_views`.

    Args:
        patches: as `patch_stream` gives them.
        task: its device says where views are made.

    Returns:
        Dicts of tensors that all have a row for each patch, so that replicas can share them out.
    """
    if task.device == "cpu":
        views = tf.autograph.experimental.do_not_convert(task.views)
        return patches.map(views, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True).prefetch(2)

    @tf.autograph.experimental.do_not_convert
    def with_seeds(batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        rows = tf.shape(batch["photo"])[0]
        return {
            "patches": batch["patches"],
            "photo": batch["photo"],
            SEEDS: tf.tile(batch["seed"][tf.newaxis], [rows, 1]),
        }

    return patches.map(with_seeds).prefetch(2)


def shared_out(batches: tf.data.Dataset) -> tf.data.Dataset:
    """The rows of this machine in the form in which Keras shares them out among its replicas.

    Keras takes what it is given for the batches of all machines, and cuts them into as many parts as there
    are replicas, one after the other. So those of several steps are put together.

    Args:
        batches: of one machine's rows of each batch.
    """
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    if machines() > 1:
        rows = next(iter(tf.nest.flatten(batches.element_spec))).shape[0]
        batches = batches.rebatch(rows * machines())
    return batches.with_options(options)


def first_views(model: PretextModel, batches: tf.data.Dataset) -> tuple[Tensors, str]:
    """The views of the first batch, compiled as the step compiles them, and the device that made them.

    Args:
        model: of a task whose `device` says where views are to be made.
        batches: as `step_dataset` gives them.

    Returns:
        The views of this machine, and the device as TensorFlow names it.

    Raises:
        UsageError: they were made on another kind of device.
    """
    views = tf.function(model.with_views, autograph=False)(next(iter(batches)))
    place = max(views.values(), key=tf.size).device
    wanted = model.task.device
    if f"device:{wanted.upper()}:" not in place:
        raise UsageError(f"degrade_on={wanted}: the views were made on {place}; expected a {wanted.upper()}")
    return views, place
