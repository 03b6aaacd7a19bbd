"""Pre-training from start, or from the last checkpoint, to the last epoch."""

from __future__ import annotations

import tempfile
from typing import Any

import keras
import tensorflow as tf

from aesthkeras.encoders.synchronized import synchronized_copy
from aesthkeras.errors import UsageError, first_line
from aesthkeras.monitoring import callbacks as monitoring
from aesthkeras.monitoring.progress_bar import ProgressBar
from aesthkeras.photos.patches import steps_per_epoch, unreadable_photo
from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.pretext.export import describe_run
from aesthkeras.pretext.feeding import first_views, patch_stream, shared_out, step_dataset
from aesthkeras.pretext.learning import BATCHES, Weights, proof_of_learning
from aesthkeras.pretext.model import PretextModel
from aesthkeras.pretext.run_settings import RunSettings
from aesthkeras.pretext.start import Blocks, take_blocks
from aesthkeras.pretext.task import PretextTask
from aesthkeras.training.checkpoints import SaveCheckpoints, TrainingCheckpoint
from aesthkeras.training.divergence import StopOnDivergence
from aesthkeras.training.input_wait import with_input_wait
from aesthkeras.training.learned import RECORDED_AS, learned_record
from aesthkeras.training.machines import TF_CONFIG, is_chief, machines
from aesthkeras.training.precision import resolve_precision, use_precision
from aesthkeras.training.replicas import wait_for_all
from aesthkeras.training.run_folder import RunFolder
from aesthkeras.training.schedule import OPTIMIZERS

# What TensorFlow says where another machine is gone.
GONE = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError, tf.errors.InternalError)


def build_model(task: PretextTask, steps_per_epoch: int, synchronized: bool = False) -> PretextModel:
    """Encoder, head and optimizer of a task, all variables made, in the arithmetic of the recipe.

    With several replicas it is called in the scope of their strategy.

    Args:
        task: what to learn.
        steps_per_epoch: of the schedule.
        synchronized: whether batch normalisation takes the statistics of all replicas.
    """
    recipe = task.recipe
    precision = resolve_precision(recipe.precision)
    use_precision(precision)
    encoder = task.build_encoder()
    head = task.build_head(encoder)
    if synchronized:
        encoder, head = synchronized_copy(encoder), synchronized_copy(head)
    model = PretextModel(encoder, task, head)
    optimizer: Any = OPTIMIZERS[recipe.optimizer](recipe, steps_per_epoch, recipe.drops)
    if precision == "float16":
        optimizer = keras.mixed_precision.LossScaleOptimizer(optimizer)
    optimizer.build(model.encoder.trainable_variables + model.head.trainable_variables)
    model.compile(optimizer=optimizer)
    return model


def train(
    run: RunFolder,
    task: PretextTask,
    photos: PhotoSet,
    run_settings: RunSettings,
    start: Blocks | None = None,
    strategy: tf.distribute.Strategy | None = None,
) -> PretextModel:
    """Trains until the recipe's epochs or images are done; a run folder with a checkpoint goes on from it.

    Args:
        run: the run's own folder.
        task: what to learn.
        photos: what to learn it from.
        run_settings: devices, what to watch.
        start: convolution blocks to begin with, where there is no checkpoint yet; None for random ones.
        strategy: of the replicas, in whose scope the task was made; None for one.

    Returns:
        The trained model.

    Raises:
        UsageError: the checkpoint cannot be read, a photo is gone since it was inspected, or the loss is NaN.
    """
    recipe = task.recipe
    keras.utils.set_random_seed(recipe.seed)
    steps = steps_per_epoch(len(photos.paths), recipe.batch_size, recipe.crops_per_photo)
    total = total_steps(task, steps)
    strategy = strategy or tf.distribute.get_strategy()
    with strategy.scope():
        several = strategy.num_replicas_in_sync > 1
        model = build_model(task, steps, several and run_settings.batch_norm == "synchronised")
    own = own_folder(run)
    describe_run(own, task, model.encoder, model.head)
    checkpoint = TrainingCheckpoint(run.checkpoints, run_settings.checkpoint_minutes)
    trained = trackables(model)
    with strategy.scope():
        initial = Weights.of(model, several)  # they follow from the seed: a run that goes on has them, too
        done = checkpoint.restore(trained)
        if start and not done:
            take_blocks(model.encoder, start)
            initial = Weights.of(model, several)
        if done < total and is_chief():
            run.rewind(done // steps)
        wait_for_all()
        for epochs, length in remaining_epochs(done, total, steps):
            train_epochs(run, own, model, photos, run_settings, checkpoint, epochs, length)
    is_known = RECORDED_AS in run.read_record() and done == total
    if is_chief() and not is_known and not (recipe.start_from and done):  # it began with what is not here now
        batches = step_dataset(patch_stream(photos, task, first_step=0), task).take(BATCHES)
        run.update_record(**learned_record(proof_of_learning(model, initial, batches)))
    return model


def own_folder(run: RunFolder) -> RunFolder:
    """Where this machine writes: the chief into the run folder, others into one that is forgotten.

    All of them have to do what is written down, for the values of metrics and of batch normalisation are
    spread over the machines: reading them is a talk in which all take part.
    """
    return run if is_chief() else RunFolder(tempfile.mkdtemp(prefix="aesthkeras-"))


def train_epochs(
    run: RunFolder,
    own: RunFolder,
    model: PretextModel,
    photos: PhotoSet,
    run_settings: RunSettings,
    checkpoint: TrainingCheckpoint,
    epochs: range,
    length: int,
) -> None:
    """Some epochs of equal length, or what is left of one."""
    task = model.task
    steps = steps_per_epoch(len(photos.paths), task.recipe.batch_size, task.recipe.crops_per_photo)
    batches = step_dataset(patch_stream(photos, task, first_step=model.step), task)
    sample, place = first_views(model, batches)
    own.update_record(views_made_on=place)
    saving = SaveCheckpoints(checkpoint, [*trackables(model)["metrics"].values()], steps, model.step)
    with ProgressBar() as bar:
        watchers = watching_callbacks(own, model, bar, sample, run_settings)
        stopping = StopOnDivergence(checkpoint, task.recipe)
        callbacks = [stopping, *task.callbacks(run.history()), *watchers, saving]
        if machines() > 1:  # what Keras says of an epoch may be this machine's share of it
            callbacks.insert(0, monitoring.ExtraLogs(model.numbers_so_far))
        fit(model, shared_out(with_input_wait(batches)), epochs, length, callbacks)


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
    except GONE as error:
        if machines() < 2:
            raise
        raise UsageError(
            f"{TF_CONFIG}: a machine that trains with this one has ended ({first_line(error)}); "
            "the same command on all of them goes on"
        ) from error


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
        *([bar] if is_chief() else []),
        monitoring.ExtraLogs(lambda: {"learning_rate": model.current_learning_rate(), **task.epoch_logs()}),
        monitoring.EpochLog(run.append_metrics, task.images_per_step),
        monitoring.Pictures(
            run.tensorboard / "train", lambda: task.pictures(model.encoder, model.head, sample)
        ),
        monitoring.tensorboard(run.tensorboard, run_settings.histograms, run_settings.profile_steps),
    ]
