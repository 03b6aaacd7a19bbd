"""Pre-training from start, or from the last checkpoint, to the last epoch."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from aesthkeras.monitoring import callbacks as monitoring
from aesthkeras.monitoring.progress_bar import ProgressBar
from aesthkeras.photos.patches import patch_dataset, steps_per_epoch, unreadable_photo
from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.pretext.export import describe_run
from aesthkeras.pretext.model import PretextModel
from aesthkeras.pretext.run_settings import RunSettings
from aesthkeras.pretext.start import Blocks, take_blocks
from aesthkeras.pretext.task import PretextTask
from aesthkeras.training.checkpoints import SaveCheckpoints, TrainingCheckpoint
from aesthkeras.training.divergence import StopOnDivergence
from aesthkeras.training.input_wait import with_input_wait
from aesthkeras.training.precision import resolve_precision, use_precision
from aesthkeras.training.run_folder import RunFolder
from aesthkeras.training.schedule import stepped_sgd


def build_model(task: PretextTask, steps_per_epoch: int) -> PretextModel:
    """Encoder, head and optimizer of a task, all variables made, in the arithmetic of the recipe."""
    recipe = task.recipe
    precision = resolve_precision(recipe.precision)
    use_precision(precision)
    model = PretextModel(task.build_encoder(), task)
    optimizer: Any = stepped_sgd(recipe, steps_per_epoch)
    if precision == "float16":
        optimizer = keras.mixed_precision.LossScaleOptimizer(optimizer)
    optimizer.build(model.encoder.trainable_variables + model.head.trainable_variables)
    model.compile(optimizer=optimizer)
    return model


def views_dataset(patches: tf.data.Dataset, task: PretextTask) -> tf.data.Dataset:
    """Batches of patches -> what the task makes of them, on the task's device, ahead of the training step."""
    if task.device == "cpu":
        return patches.map(task.views, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True).prefetch(2)
    target = gpu_name()
    patches = patches.apply(tf.data.experimental.copy_to_device(target))
    with tf.device(target):
        return patches.map(task.views).prefetch(1)


def gpu_name() -> str:
    """The name of the first GPU that TensorFlow uses."""
    return str(tf.config.list_logical_devices("GPU")[0].name)


def train(
    run: RunFolder,
    task: PretextTask,
    photos: PhotoSet,
    run_settings: RunSettings,
    start: Blocks | None = None,
) -> PretextModel:
    """Trains until the recipe's epochs or images are done; a run folder with a checkpoint goes on from it.

    Args:
        run: the run's own folder.
        task: what to learn.
        photos: what to learn it from.
        run_settings: devices, what to watch.
        start: convolution blocks to begin with, where there is no checkpoint yet; None for random ones.

    Returns:
        The trained model.

    Raises:
        UsageError: the checkpoint cannot be read, a photo is gone since it was inspected, or the loss is NaN.
    """
    recipe = task.recipe
    keras.utils.set_random_seed(recipe.seed)
    steps = steps_per_epoch(len(photos.paths), recipe.batch_size, recipe.crops_per_photo)
    total = total_steps(task, steps)
    model = build_model(task, steps)
    describe_run(run, task, model.encoder, model.head)
    checkpoint = TrainingCheckpoint(run.checkpoints, run_settings.checkpoint_minutes)
    trained = trackables(model)
    done = checkpoint.restore(trained)
    if start and not done:
        take_blocks(model.encoder, start)
    if done < total:
        run.rewind(done // steps)
    for epochs, length in remaining_epochs(done, total, steps):
        batches = views_dataset(patch_stream(photos, task, first_step=model.step), task)
        saving = SaveCheckpoints(checkpoint, [*trained["metrics"].values()], steps, model.step)
        with ProgressBar() as bar:
            watchers = watching_callbacks(run, model, bar, next(iter(batches)), run_settings)
            stopping = StopOnDivergence(checkpoint, recipe)
            callbacks = [stopping, *task.callbacks(run.history()), *watchers, saving]
            fit(model, with_input_wait(batches), epochs, length, callbacks)
    return model


def trackables(model: PretextModel) -> dict[str, Any]:
    """What the checkpoint of a run holds, by name; `read_trained` reads `encoder` and `head` of it."""
    return {
        "encoder": model.encoder,
        "head": model.head,
        "optimizer": model.optimizer,
        # how long it waited is no part of what it learned
        "metrics": {one.name: list(one.variables) for one in model.metrics if one is not model.input_wait},
    }


def total_steps(task: PretextTask, steps_per_epoch: int) -> int:
    """Steps of the whole run: as many as `images_seen` takes, rounded up, or else `epochs` whole epochs."""
    if task.recipe.images_seen:
        return -(-task.recipe.images_seen // task.images_per_step)
    return task.recipe.epochs * steps_per_epoch


def remaining_epochs(done: int, total: int, steps_per_epoch: int) -> list[tuple[range, int]]:
    """What is left of a run after `done` steps: stretches of epochs, each with the steps of one epoch in it.

    A run killed inside an epoch first finishes that epoch, from the same patch on; `total` may cut the last
    epoch short.
    """
    stretches = []
    while done < total:
        epoch, inside = divmod(done, steps_per_epoch)
        whole = 0 if inside else (total - done) // steps_per_epoch
        length = steps_per_epoch if whole else min(steps_per_epoch - inside, total - done)
        epochs = range(epoch, epoch + max(1, whole))
        stretches.append((epochs, length))
        done += len(epochs) * length
    return stretches


def fit(
    model: PretextModel,
    batches: tf.data.Dataset,
    epochs: range,
    steps: int,
    callbacks: list[keras.callbacks.Callback],
) -> None:
    """Keras's fit over some epochs of so many steps; a photo that is gone ends in one line."""
    try:
        model.fit(
            batches,
            initial_epoch=epochs.start,
            epochs=epochs.stop,
            steps_per_epoch=steps,
            shuffle=False,  # the batches have their order
            callbacks=callbacks,
            verbose=0,
        )
    except (tf.errors.InvalidArgumentError, tf.errors.NotFoundError) as error:
        raise unreadable_photo(error) from error


def patch_stream(photos: PhotoSet, task: PretextTask, first_step: int) -> tf.data.Dataset:
    """The endless batches of patches that a task trains on, from the given step on."""
    recipe = task.recipe
    return patch_dataset(
        photos,
        edge=task.photo_edge,
        crop=task.patch_edge,
        batch_size=recipe.batch_size,
        crops_per_photo=recipe.crops_per_photo,
        seed=recipe.seed,
        first_step=first_step,
    )


def watching_callbacks(
    run: RunFolder,
    model: PretextModel,
    bar: keras.callbacks.Callback,
    sample: dict[str, tf.Tensor],
    run_settings: RunSettings,
) -> list[keras.callbacks.Callback]:
    """What writes the run down; in this order, for the first ones add to the logs that the others write."""
    task = model.task
    return [
        monitoring.Throughput(task.images_per_step, model.input_wait),
        bar,
        monitoring.ExtraLogs(lambda: {"learning_rate": model.current_learning_rate(), **task.epoch_logs()}),
        monitoring.EpochLog(run.append_metrics, task.images_per_step),
        monitoring.Pictures(
            run.tensorboard / "train", lambda: task.pictures(model.encoder, model.head, sample)
        ),
        monitoring.tensorboard(run.tensorboard, run_settings.histograms, run_settings.profile_steps),
    ]
