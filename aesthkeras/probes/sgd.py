"""The paper's probe: batch normalisation without scale and shift, one dense layer of 2, trained by SGD.

The frozen encoder runs once on each batch of patches, shared out over the replicas that hold it; every layer,
seed and label fraction learns from that one pass. They share nothing but the patches: together they end with
the weights that each has alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aesthkeras.encoders.blocks import BATCH_NORM_MOMENTUM, layer_seed
from aesthkeras.finding.found import FoundEncoder
from aesthkeras.labelled.outcome import PartOutcome
from aesthkeras.labelled.protocols import Part
from aesthkeras.networks.settings import STANDARDIZATION_EPSILON
from aesthkeras.photos.patches import patch_dataset, steps_per_epoch
from aesthkeras.photos.photo_set import PhotoSet
from aesthkeras.probes import exact
from aesthkeras.probes.inputs import PhotoFeatures, Probing
from aesthkeras.probes.settings import ProbeRecipe
from aesthkeras.training.checkpoints import StoredArrays, TrainingCheckpoint
from aesthkeras.training.divergence import stop_if_diverged
from aesthkeras.training.replicas import over_replicas
from aesthkeras.training.steps import resumable_steps

BINARY = 2
TESTED_AT_ONCE = 1024  # photos whose features are in memory during testing


class ProbeBank:
    """The probes of all layers and seeds for one set of labelled photos.

    Args:
        values: number of pooled values by layer.
        seeds: one initialisation each; their probes differ in nothing else.
        labels: photo's number in the stream of patches -> 0 or 1; other photos of the stream are passed over.
        recipe: batch size, learning rate, momentum.
        weight_decay: L2 in the gradient of the kernel, by layer.
    """

    def __init__(
        self,
        values: Mapping[str, int],
        seeds: Sequence[int],
        labels: Mapping[int, int],
        recipe: ProbeRecipe,
        weight_decay: Mapping[str, float],
    ) -> None:
        self.seeds = list(seeds)
        # A set smaller than a batch would otherwise wait several epochs for each update.
        self.batch_size = max(2, min(recipe.batch_size, len(labels)))
        self.normalizations = {
            layer: keras.layers.BatchNormalization(
                momentum=BATCH_NORM_MOMENTUM,
                epsilon=STANDARDIZATION_EPSILON,
                center=False,
                scale=False,
                moving_variance_initializer="zeros",
                name=f"{layer}_normalization",
            )
            for layer in values
        }
        self.kernels = {layer: self._initial_kernel(layer, number) for layer, number in values.items()}
        self.biases = {layer: tf.Variable(tf.zeros([len(seeds) * BINARY])) for layer in values}
        for layer, number in values.items():
            self.normalizations[layer].build([None, number])
        self.weight_decay = weight_decay
        self.variables = [*self.kernels.values(), *self.biases.values()]
        self.optimizer = keras.optimizers.SGD(
            recipe.learning_rate, momentum=recipe.momentum, nesterov=recipe.momentum > 0
        )
        self.optimizer.build(self.variables)
        self.updates = 0
        self._label_of = np.full(max(labels) + 1, -1, np.int64)
        self._label_of[list(labels)] = list(labels.values())
        self._waiting: dict[str, tf.Tensor] = {}
        self._waiting_labels = np.zeros(0, np.int64)
        batch = {layer: tf.TensorSpec([self.batch_size, number]) for layer, number in values.items()}
        signature = [batch, tf.TensorSpec([self.batch_size], tf.int64)]
        self._update = tf.function(
            self._updated, input_signature=signature, autograph=False
        ).get_concrete_function()

    def learn(self, features: Mapping[str, tf.Tensor], photos: np.ndarray) -> None:
        """Collects the labelled photos of a batch; updates the weights whenever there are `batch_size`.

        Args:
            features: float32 `[N, values]` by layer.
            photos: int `[N]`, their numbers in the stream.
        """
        known = photos < len(self._label_of)
        labels = np.where(known, self._label_of[np.where(known, photos, 0)], -1)
        rows = np.flatnonzero(labels >= 0)
        if len(rows) < len(photos):
            features = {layer: tf.gather(values, rows) for layer, values in features.items()}
        if self._waiting:
            features = {layer: tf.concat([self._waiting[layer], features[layer]], 0) for layer in features}
        labels = np.concatenate([self._waiting_labels, labels[rows]])
        used = 0
        while len(labels) - used >= self.batch_size:
            taken = slice(used, used + self.batch_size)
            self._update(
                {layer: values[taken] for layer, values in features.items()}, tf.constant(labels[taken])
            )
            self.updates += 1
            used = taken.stop
        self._waiting_labels = labels[used:]
        left = len(self._waiting_labels) > 0
        self._waiting = {layer: values[used:] for layer, values in features.items()} if left else {}

    def finish(self) -> None:
        """Ends the training: frees the moving statistics from their start at zero."""
        share = 1 - BATCH_NORM_MOMENTUM**self.updates
        for normalization in self.normalizations.values():
            normalization.moving_mean.assign(normalization.moving_mean / share)
            normalization.moving_variance.assign(normalization.moving_variance / share)

    def trackables(self) -> dict[str, Any]:
        """All that further training depends on, by name, for `TrainingCheckpoint`."""
        return {
            "kernels": self.kernels,
            "biases": self.biases,
            "normalizations": self.normalizations,
            "optimizer": self.optimizer,
            "waiting": StoredArrays(self._waiting_arrays, self._take_waiting),
        }

    def _waiting_arrays(self) -> dict[str, np.ndarray]:
        features = {f"features/{layer}": values.numpy() for layer, values in self._waiting.items()}
        return {**features, "labels": self._waiting_labels, "updates": np.array(self.updates)}

    def _take_waiting(self, arrays: dict[str, np.ndarray]) -> None:
        self._waiting_labels, self.updates = arrays["labels"], int(arrays["updates"])
        waiting = self.kernels if len(self._waiting_labels) else ()
        self._waiting = {layer: tf.constant(arrays[f"features/{layer}"]) for layer in waiting}

    def probabilities(self, layer: str, features: np.ndarray) -> np.ndarray:
        """Probability of the positive class: float32 `[N, values]` -> float64 `[N, seeds]`."""
        logits = self._logits(layer, tf.constant(features), training=False)
        return tf.nn.softmax(logits)[..., 1].numpy().astype(np.float64)

    def _initial_kernel(self, layer: str, values: int) -> tf.Variable:
        # Each seed's part is drawn alone: its range depends on its own 2 columns, not on its neighbours'.
        parts = [
            keras.initializers.GlorotUniform(seed=layer_seed(seed, f"probe of {layer}"))((values, BINARY))
            for seed in self.seeds
        ]
        return tf.Variable(tf.concat(parts, 1), name=f"{layer}_kernel")

    def _logits(self, layer: str, features: tf.Tensor, training: bool) -> tf.Tensor:
        normalized = self.normalizations[layer](features, training=training)
        logits = tf.matmul(normalized, self.kernels[layer]) + self.biases[layer]
        return tf.reshape(logits, [-1, len(self.seeds), BINARY])

    def _updated(self, features: Mapping[str, tf.Tensor], labels: tf.Tensor) -> None:
        targets = tf.one_hot(labels, BINARY)[:, tf.newaxis]
        with tf.GradientTape() as tape:
            losses = []
            for layer, values in features.items():
                logits = self._logits(layer, values, training=True)
                entropy = tf.nn.softmax_cross_entropy_with_logits(
                    tf.broadcast_to(targets, tf.shape(logits)), logits
                )
                losses.append(tf.reduce_sum(tf.reduce_mean(entropy, 0)))
            # the gradient of half the square: the decay times the kernel
            decay = [
                self.weight_decay[layer] * tf.nn.l2_loss(kernel) for layer, kernel in self.kernels.items()
            ]
            loss = tf.add_n(losses) + tf.add_n(decay)
        gradients = tape.gradient(loss, self.variables)
        self.optimizer.apply_gradients(zip(gradients, self.variables))


def train_banks(
    banks: Sequence[ProbeBank],
    pooled: tf.types.experimental.ConcreteFunction,
    photos: PhotoSet,
    encoder: FoundEncoder,
    recipe: ProbeRecipe,
    seed: int,
    checkpoint: TrainingCheckpoint,
) -> None:
    """Trains all banks on one stream of random, by chance mirrored crops, one forward pass a batch.

    Args:
        banks: their photo numbers count in `photos`.
        pooled: what `pooling_function` returned.
        photos: the labelled photos of the largest bank.
        encoder: its crop and resize make the patches.
        recipe: epochs and learning rate.
        seed: decides the patches.
        checkpoint: where a killed training goes on from, and what keeps this one.

    Raises:
        UsageError: a photo is gone since it was inspected, or weights are NaN.
    """
    steps = steps_per_epoch(len(photos.paths), recipe.batch_size)
    done = checkpoint.restore({"banks": [bank.trackables() for bank in banks]})
    patches = patch_dataset(
        photos, encoder.resize, encoder.crop, recipe.batch_size, seed=seed, first_step=done
    )
    total = recipe.epochs * steps
    compute = over_replicas(pooled, encoder.model.distribute_strategy)
    for step, batch in resumable_steps(iter(patches), done, total, checkpoint, "training probes"):
        drops = step // steps // recipe.learning_rate_epochs
        features, numbers = compute(batch["patches"]), batch["photo"].numpy()
        for bank in banks:
            bank.optimizer.learning_rate = recipe.learning_rate * recipe.learning_rate_factor**drops
            bank.learn(features, numbers)
        if (step + 1) % steps == 0:
            stop_if_diverged(checkpoint, recipe, (step + 1) // steps)
    for bank in banks:
        bank.finish()


def weight_decays(
    features: PhotoFeatures, train: np.ndarray, labels: np.ndarray, groups: np.ndarray, recipe: ProbeRecipe
) -> dict[str, float]:
    """The decay of each layer's kernel: `--weight_decay`, or what the exact solver chooses, 1 / rate at most.

    Args:
        features: the centre crops' features; read only where the exact solver chooses.
        train: indices of the labelled training photos.
        labels: `[training photos]`, 0 and 1.
        groups: int `[training photos]`.
        recipe: says which.
    """
    if recipe.decay == "given":
        return dict.fromkeys(recipe.layer_names, recipe.weight_decay)
    decays = {}
    for layer in recipe.layer_names:
        rows = features.rows(layer, train)
        strength = exact.choose_strength(rows, labels.astype(np.int64), groups, recipe.seed)
        decay = exact.equal_weight_decay(strength, len(rows), rows.values)
        # a step of rate times decay above 1 would throw the weights over zero and farther each time
        decays[layer] = min(decay, 1 / recipe.learning_rate)
    return decays


def sgd_outcome(
    part: Part,
    probing: Probing,
    draws: Mapping[float, np.ndarray],
    groups: np.ndarray,
    checkpoint: TrainingCheckpoint,
) -> PartOutcome:
    """Trains every layer, seed and draw of one part together; tests the last epoch's weights.

    Args:
        part: the training and test photos.
        probing: what all parts share.
        draws: fraction -> indices of the labelled training photos, nested.
        groups: int `[photos]`; where the decay is chosen, inner folds keep groups whole.
        checkpoint: of this part.
    """
    features, recipe = probing.features, probing.recipe
    shown = draws[max(draws)]
    subset = probing.photo_set.of(shown)
    pooled = probing.pooled.structured_outputs
    values = {layer: int(pooled[layer].shape[-1]) for layer in recipe.layer_names}
    seeds = [recipe.seed + number for number in range(recipe.seeds)]
    place = {int(index): number for number, index in enumerate(shown)}
    banks = {
        fraction: ProbeBank(
            values,
            seeds,
            {place[int(k)]: int(part.labels[k]) for k in train},
            recipe,
            weight_decays(features, train, part.labels[train], groups[train], recipe),
        )
        for fraction, train in draws.items()
    }
    stream_seed = part.training_seed(recipe.seed)
    of_all = list(banks.values())
    train_banks(of_all, probing.pooled, subset, probing.encoder, recipe, stream_seed, checkpoint)
    outcome = PartOutcome(part)
    for layer in recipe.layer_names:
        found = _tested(of_all, features, layer, part.test)
        for fraction, probabilities in zip(banks, found):
            by_seed = {seed: probabilities[:, number] for number, seed in enumerate(seeds)}
            outcome.add(layer, fraction, len(draws[fraction]), by_seed)
    return outcome


def _tested(
    banks: Sequence[ProbeBank], features: PhotoFeatures, layer: str, photos: np.ndarray
) -> list[np.ndarray]:
    """What each bank predicts for the photos, float64 `[photos, seeds]`; a part of them is in memory."""
    found: list[list[np.ndarray]] = [[] for _ in banks]
    for start in range(0, len(photos), TESTED_AT_ONCE):
        values = features.of(layer, photos[start : start + TESTED_AT_ONCE])[:, 0]
        for bank, parts in zip(banks, found):
            parts.append(bank.probabilities(layer, values))
    return [np.concatenate(parts) for parts in found]
