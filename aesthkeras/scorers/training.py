"""A head in training, alone or with its encoder: SGD, early stopping, going on where it was."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aesthkeras.networks.pooling import describe
from aesthkeras.photos.patches import steps_per_epoch
from aesthkeras.scorers.inputs import HeadInputs
from aesthkeras.scorers.settings import ScorerRecipe
from aesthkeras.scorers.targets import Target, member_losses, ranking_losses
from aesthkeras.training.checkpoints import StoredArrays, TrainingCheckpoint
from aesthkeras.training.divergence import stop_if_diverged
from aesthkeras.training.replicas import over_replicas, own_rows
from aesthkeras.training.run_folder import RunFolder
from aesthkeras.training.schedule import stepped_sgd
from aesthkeras.training.steps import resumable_steps


class HeadTraining:
    """A network, and the encoder where that is trained along, on their way to the best validation loss.

    Args:
        network: as `heads.build_network` makes it; replicas of its strategy share out each batch of pixels.
        kind: of the target.
        recipe: rates, momentum.
        steps: in an epoch.
        encoder: pixels to the blocks that the network reads; None where the inputs are features already.
    """

    def __init__(
        self,
        network: keras.Model,
        kind: str,
        recipe: ScorerRecipe,
        steps: int,
        encoder: keras.Model | None = None,
    ) -> None:
        self.network, self.kind, self.encoder = network, kind, encoder
        self.strategy = network.distribute_strategy
        self.pooling = recipe.pooling
        self.trunk_rate, self.copy_weight = recipe.trunk_rate, recipe.copy_weight
        self.trunk_variables = list(encoder.trainable_variables) if encoder else []
        self.variables = [*self.trunk_variables, *network.trainable_variables]
        self.optimizer = stepped_sgd(recipe, steps)
        self.optimizer.build(self.variables)
        members = network.output_shape[1]
        self.best = [variable.numpy() for variable in self.variables]
        self.best_losses = np.full(members, math.inf)
        self.best_epochs = np.zeros(members, np.int64)
        self.losses: list[tf.Tensor] = []  # of this epoch's steps; read at its end: no step waits for them
        self._update = tf.function(self._updated_by_all, reduce_retracing=True, autograph=False)
        self.outputs = tf.function(
            over_replicas(self._outputs, self.strategy), reduce_retracing=True, autograph=False
        )

    def learn(
        self,
        inputs: Any,
        values: np.ndarray,
        weights: np.ndarray,
        pair: tuple[Any, Any] | None = None,
    ) -> None:
        """One step.

        Args:
            inputs: what `HeadInputs` gives.
            values: float32 `[N, outputs]`, what the photos are to give.
            weights: float32 `[N, members]`, 1 where the photo trains the member, else 0.
            pair: the photos' centre crops and degraded copies of them, to be put in that order; None for
                no such loss.
        """
        self.losses.append(self._update(inputs, tf.constant(values), tf.constant(weights), pair))

    def judge(self, epoch: int, losses: np.ndarray) -> None:
        """Keeps the weights of each member whose validation loss, float `[members]`, is its lowest so far."""
        better = losses < self.best_losses
        trunk = len(self.trunk_variables)
        for place, variable in enumerate(self.variables):
            chosen = better.reshape([-1] + [1] * (len(variable.shape) - 1)) if place >= trunk else better[0]
            self.best[place] = np.where(chosen, variable.numpy(), self.best[place])
        self.best_losses = np.where(better, losses, self.best_losses)
        self.best_epochs = np.where(better, epoch, self.best_epochs)
        self.losses = []

    def take_best(self) -> None:
        """Goes back to the best weights."""
        for variable, best in zip(self.variables, self.best):
            variable.assign(best)

    def trackables(self) -> dict[str, Any]:
        """All that further training depends on, by name, for `TrainingCheckpoint`."""
        trunk = {"encoder": self.encoder} if self.encoder else {}
        return {
            "network": self.network,  # with the counts of its dropout
            "optimizer": self.optimizer,
            "progress": StoredArrays(self._progress, self._take_progress),
            **trunk,
        }

    def _progress(self) -> dict[str, np.ndarray]:
        return {
            **{f"best/{place}": best for place, best in enumerate(self.best)},
            "best_losses": self.best_losses,
            "best_epochs": self.best_epochs,
            "losses": np.array([float(loss) for loss in self.losses], np.float32),
        }

    def _take_progress(self, arrays: dict[str, np.ndarray]) -> None:
        self.best = [arrays[f"best/{place}"] for place in range(len(self.best))]
        self.best_losses, self.best_epochs = arrays["best_losses"], arrays["best_epochs"]
        self.losses = list(arrays["losses"])

    def features(self, inputs: Any) -> dict[str, tf.Tensor]:
        """What the network reads of inputs."""
        if self.encoder is None:
            return inputs
        # Batch normalisation keeps the statistics of pre-training: a small set's are worse.
        return describe(self.encoder(inputs, training=False), self.pooling)

    def _outputs(self, inputs: Any) -> tf.Tensor:
        return self.network(self.features(inputs), training=False)

    def _updated_by_all(
        self, inputs: Any, values: tf.Tensor, weights: tf.Tensor, pair: tuple[Any, Any] | None
    ) -> tf.Tensor:
        # What the means are divided by is that of the whole batch, so that the replicas' losses add up to it.
        step = (inputs, values, weights, tf.reduce_sum(weights, 0), pair)
        return self.strategy.reduce("SUM", self.strategy.run(self._updated, args=step), axis=None)

    def _updated(
        self,
        inputs: Any,
        values: tf.Tensor,
        weights: tf.Tensor,
        total: tf.Tensor,
        pair: tuple[Any, Any] | None,
    ) -> tf.Tensor:
        if self.strategy.num_replicas_in_sync > 1:  # then there are no pairs: the encoder is trained as well
            inputs, values, weights = own_rows(inputs), own_rows(values), own_rows(weights)
        with tf.GradientTape() as tape:
            outputs = self.network(self.features(inputs), training=True)
            losses = weighted_means(member_losses(self.kind, values, outputs), weights, total)
            if pair is not None:
                outputs_of_photos, outputs_of_copies = (self.network(fed, training=True) for fed in pair)
                ranking = ranking_losses(self.kind, outputs_of_photos, outputs_of_copies)
                losses += self.copy_weight * weighted_means(ranking, weights, total)
            penalties = [*self.network.losses, *(self.encoder.losses if self.encoder else [])]
            # The sum: each member learns as if it were alone.
            shares = [tf.nn.scale_regularization_loss(penalty) for penalty in penalties]
            loss = tf.add_n([tf.reduce_sum(losses), *shares])
        gradients = tape.gradient(loss, self.variables)
        # With SGD a smaller gradient is a smaller rate.
        scales = [self.trunk_rate] * len(self.trunk_variables)
        scales += [1.0] * (len(gradients) - len(scales))
        scaled = [
            # Of an encoder made of encoders, parts lead to no block that is read.
            tf.zeros(variable.shape) if gradient is None else scale * gradient
            for scale, gradient, variable in zip(scales, gradients, self.variables)
        ]
        self.optimizer.apply_gradients(zip(scaled, self.variables))
        return tf.reduce_mean(losses)


def weighted_means(losses: tf.Tensor, weights: tf.Tensor, total: tf.Tensor) -> tf.Tensor:
    """Each member's mean loss over its photos, 0 without any.

    Args:
        losses: float32 `[N, members]`.
        weights: float32 `[N, members]`, 1 where a photo counts for a member, else 0.
        total: float32 `[members]`, the sum of the weights, of these and of those that other replicas have.

    Returns:
        float32 `[members]`.
    """
    return tf.math.divide_no_nan(tf.reduce_sum(weights * losses, 0), total)


def train_head(
    training: HeadTraining,
    inputs: HeadInputs,
    target: Target,
    trains: np.ndarray,
    checks: np.ndarray,
    recipe: ScorerRecipe,
    seed: int,
    folder: RunFolder,
    checkpoint: TrainingCheckpoint,
) -> None:
    """Trains to the last epoch, or until no member improves for `patience` epochs; keeps the best.

    Args:
        training: fresh; goes on from the checkpoint where there is one.
        inputs: of all photos.
        target: what they are to give.
        trains: float32 `[photos, members]`, 1 where a photo trains a member.
        checks: float32 `[photos, members]`, 1 where a member validates on a photo.
        recipe: epochs, patience, batch size.
        seed: decides the order of the photos and their crops.
        folder: its metrics.jsonl gets a line per epoch, its TensorBoard folder the same numbers.
        checkpoint: of this training.

    Raises:
        UsageError: a photo is gone since it was inspected, or a loss is NaN.
    """
    photos, checked = np.flatnonzero(trains.any(1)), np.flatnonzero(checks.any(1))
    batch_size = min(recipe.batch_size, len(photos))
    steps = steps_per_epoch(len(photos), batch_size)
    done = checkpoint.restore(training.trackables())
    folder.rewind(done // steps)
    batches = inputs.training(photos, batch_size, seed, first_step=done)
    writer = tf.summary.create_file_writer(str(folder.tensorboard))
    total = recipe.epochs * steps
    with writer.as_default():
        for step, (fed, numbers, pair) in resumable_steps(batches, done, total, checkpoint, "training heads"):
            training.learn(fed, target.values[numbers], trains[numbers], pair)
            if (step + 1) % steps:
                continue
            epoch = (step + 1) // steps
            logs = {"loss": float(np.mean([float(loss) for loss in training.losses]))}
            found = validation_losses(training, inputs, target, checked, checks)
            stop_if_diverged(checkpoint, recipe, epoch, logs["loss"] + float(found.sum()))
            training.judge(epoch, found)
            logs["validation_loss"] = float(found.mean())
            folder.append_metrics({"epoch": epoch, "step": step + 1, **logs})
            for name, value in logs.items():
                tf.summary.scalar(name, value, step=epoch)
            if epoch - training.best_epochs.max() >= recipe.patience:
                break
    training.take_best()


def validation_losses(
    training: HeadTraining, inputs: HeadInputs, target: Target, photos: np.ndarray, checks: np.ndarray
) -> np.ndarray:
    """The mean loss of each member over the photos that it validates on, float64 `[members]`."""
    outputs = np.concatenate([training.outputs(fed).numpy() for fed in inputs.centre(photos)])
    losses = member_losses(training.kind, tf.constant(target.values[photos]), tf.constant(outputs))
    counted = checks[photos]
    means = weighted_means(losses, counted, counted.sum(0)).numpy().astype(np.float64)
    rankings, weights = [], []
    for rows, fed in inputs.copies_of(photos):
        rankings.append(ranking_losses(training.kind, outputs[rows], training.outputs(fed)))
        weights.append(checks[photos[rows]])
    if rankings:
        counted = np.concatenate(weights)
        ranking = weighted_means(tf.concat(rankings, 0), counted, counted.sum(0))
        means += training.copy_weight * ranking.numpy()
    return means
