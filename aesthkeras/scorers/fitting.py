"""One scorer from one training part: its members' training and validation photos, training, calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from sklearn.decomposition import PCA

from aesthkeras.encoders.side_by_side import parts_of
from aesthkeras.errors import UsageError
from aesthkeras.finding.found import FoundEncoder
from aesthkeras.labelled.protocols import LabelledPhotos, Part, draw_folds
from aesthkeras.networks.heads import build_network, build_scorer, member_values
from aesthkeras.photos.patches import steps_per_epoch
from aesthkeras.scorers.calibration import fit_calibration
from aesthkeras.scorers.inputs import HeadInputs
from aesthkeras.scorers.settings import ScorerRecipe
from aesthkeras.scorers.targets import Target, target_of
from aesthkeras.scorers.training import HeadTraining, train_head
from aesthkeras.training.checkpoints import TrainingCheckpoint
from aesthkeras.training.run_folder import RunFolder

FITTED_ON = 4096  # most photos whose features are in memory, to fit standardisation and projection


@dataclass(frozen=True)
class Adaptation:
    """What all trainings of a run share.

    Attributes:
        photos: all photos of the set.
        encoder: its weights change where it is fine-tuned.
        inputs: the same photos, as the head reads them.
        recipe: how to train; it names the blocks.
        initial: the encoder's weights as it was found.
        values: how many values the head reads of each block, in the order of the encoder.
    """

    photos: LabelledPhotos
    encoder: FoundEncoder
    inputs: HeadInputs
    recipe: ScorerRecipe
    initial: list[np.ndarray]
    values: dict[str, int]


class Members(NamedTuple):
    """Which photos each member trains and validates on, float32 `[photos, members]`, 1 or 0."""

    trains: np.ndarray
    checks: np.ndarray


class FittedScorer(NamedTuple):
    """A scorer trained and calibrated on one part.

    Attributes:
        scorer: a functional model from the encoder's features to the outputs of `heads.build_scorer`.
        training: the training, which also computes features from inputs.
        even: the logit or rating whose score is one half.
        temperature: of the calibration.
        epochs: the epoch of the lowest validation loss, averaged over the members.
        validation_photos: how many photos this loss and the calibration are taken over.
    """

    scorer: keras.Model
    training: HeadTraining
    even: float
    temperature: float
    epochs: float
    validation_photos: int

    def predict(self, inputs: HeadInputs, photos: np.ndarray) -> dict[str, np.ndarray]:
        """The outputs for the centre crops of some photos: float32 `[photos, ...]` by name."""
        batches = [self.scorer(self.training.features(fed), training=False) for fed in inputs.centre(photos)]
        return {name: np.concatenate([batch[name].numpy() for batch in batches]) for name in batches[0]}


def choose_members(photos: LabelledPhotos, part: Part, recipe: ScorerRecipe) -> Members:
    """Divides the training photos: each member validates on a fold of its own and trains on the others.

    Folds keep groups whole. If the set has its own validation part, all members train on the whole training
    part and validate on that. Test photos are used for neither.

    Raises:
        UsageError: too few photos or groups, or photos of one class only for training or for validation.
    """
    trains = np.zeros((len(photos.ids), recipe.members), np.float32)
    checks = np.zeros_like(trains)
    own = np.flatnonzero(np.array(photos.splits) == "validation")
    if len(own):
        trains[part.train], checks[own] = 1, 1
    else:
        of_training = photos.subset(part.train)._replace(labels=part.labels[part.train])
        folds = draw_folds(of_training, recipe.inner_folds, recipe.seed, part.repeat, "inner_folds")
        for member in range(recipe.members):
            trains[part.train[folds != member], member] = 1
            checks[part.train[folds == member], member] = 1
    for member in range(recipe.members):
        _require_both(part.labels[trains[:, member] > 0], "training", recipe)
    _require_both(part.labels[checks.any(1)], "validation", recipe)
    return Members(trains, checks)


def _require_both(labels: np.ndarray, name: str, recipe: ScorerRecipe) -> None:
    if len(np.unique(labels)) < 2:
        raise UsageError(
            f"inner_folds={recipe.inner_folds}: the {len(labels)} {name} photos of a member are "
            "of one class; expected both"
        )


def fit_scorer(
    part: Part, adaptation: Adaptation, folder: RunFolder, checkpoint: TrainingCheckpoint
) -> FittedScorer:
    """Trains and calibrates a scorer on the training photos of a part; test photos are not used.

    Args:
        part: its training photos and labels.
        adaptation: photos, encoder, recipe.
        folder: where the epochs are logged.
        checkpoint: of this training.
    """
    photos, inputs, recipe = adaptation.photos, adaptation.inputs, adaptation.recipe
    members, target = choose_members(photos, part, recipe), target_of(recipe.target, photos, part)
    with _strategy(adaptation).scope():
        training = _new_training(part, adaptation, members, target)
    seed = part.training_seed(recipe.seed)
    train_head(training, inputs, target, *members, recipe, seed, folder, checkpoint)

    network = training.network
    values_of = member_values(network, recipe.target, target.mean, target.deviation)[0]
    predictor = keras.Model(network.input, values_of)
    checked = np.flatnonzero(members.checks.any(1))
    batches = inputs.centre(checked)
    by_member = np.concatenate([predictor(training.features(fed)).numpy() for fed in batches])
    # A photo's value is the mean over the members that did not train on it.
    held_out = np.average(by_member, 1, members.checks[checked])
    even = 0.0 if recipe.target == "binary" else None
    even, temperature = fit_calibration(held_out, part.labels[checked], even)
    scorer = build_scorer(
        network,
        recipe.target,
        threshold=even,
        temperature=temperature,
        mean=target.mean,
        deviation=target.deviation,
    )
    return FittedScorer(scorer, training, even, temperature, float(training.best_epochs.mean()), len(checked))


def _strategy(adaptation: Adaptation) -> tf.distribute.Strategy:
    """The encoder's, where that is trained along; a head alone is too small to be shared out."""
    if adaptation.recipe.trunk == "finetuned":
        return adaptation.encoder.model.distribute_strategy
    return tf.distribute.get_strategy()


def _new_training(part: Part, adaptation: Adaptation, members: Members, target: Target) -> HeadTraining:
    """The network of a part and its optimizer, ahead of the first step; what is not trained is fitted."""
    encoder, recipe, values = adaptation.encoder, adaptation.recipe, adaptation.values
    fitted = part.train[:: -(-len(part.train) * (1 + recipe.copies) // FITTED_ON)]
    network = build_network(
        values,
        recipe.hidden_units,
        target.values.shape[1],
        members=recipe.members,
        components=min(recipe.components, len(fitted) - 1, sum(values.values())),
        linear_path=recipe.linear_path,
        dropout=recipe.dropout,
        weight_decay=recipe.weight_decay,
        seed=recipe.seed,
    )
    output = network.get_layer("output")
    kernel, bias = output.get_weights()
    output.set_weights([kernel, np.broadcast_to(target.start, bias.shape)])
    trained = int(members.trains.any(1).sum())
    steps = steps_per_epoch(trained, min(recipe.batch_size, trained))
    trunk = None
    if recipe.trunk == "finetuned":  # without the layers above those that the head reads
        outputs = {name: encoder.model.output[name] for name in recipe.block_names}
        trunk = keras.Model(encoder.model.input, outputs)
    training = HeadTraining(network, recipe.target, recipe, steps, trunk)
    shares = equal_shares(values, parts_of(encoder.model))
    _fit_statistics(training, adaptation.inputs, fitted, shares, recipe.seed)
    return training


def equal_shares(values: Mapping[str, int], parts: Sequence[Sequence[str]]) -> np.ndarray:
    """What standardised features are multiplied by so that each of several encoders counts the same.

    Unscaled, one that says much in many values, as covariances do, would leave the components to itself.

    Args:
        values: length of each input of the head by its name.
        parts: names of the outputs of each encoder (`parts_of`).

    Returns:
        float32 `[values]`; their mean square is 1.
    """
    read = [[name for name in part if name in values] for part in parts]
    lengths = [sum(values[name] for name in part) for part in read if part]
    part_of = {name: length for part, length in zip(filter(None, read), lengths) for name in part}
    mean = sum(values.values()) / len(lengths)
    factors = [np.full(number, np.sqrt(mean / part_of[name])) for name, number in values.items()]
    return np.concatenate(factors).astype(np.float32)


def _fit_statistics(
    training: HeadTraining, inputs: HeadInputs, photos: np.ndarray, shares: np.ndarray, seed: int
) -> None:
    """Fits the network's standardisation, and its projection, to centre crops and degraded copies.

    The projection is on the principal components of the features times their shares, divided by one number
    so that their mean variance is 1.
    """
    network = training.network
    batches = [training.features(fed) for fed in inputs.centre(photos)]
    batches += [fed for _, fed in inputs.copies_of(photos)]
    for name in network.input:
        values = np.concatenate([np.asarray(batch[name]) for batch in batches])
        statistics = values.mean(0, dtype=np.float64), values.var(0, dtype=np.float64)
        network.get_layer(f"{name}_normalization").set_weights(statistics)
    names = [layer.name for layer in network.layers]
    if "projection" not in names:
        return
    standardised = keras.Model(network.input, network.get_layer("standardised").output)
    values = np.concatenate([standardised(batch).numpy() for batch in batches])
    projection = network.get_layer("projection")
    found = PCA(projection.units, svd_solver="randomized", random_state=seed).fit(values * shares)
    scale = np.sqrt(found.explained_variance_.mean())
    projection.set_weights([(found.components_ * shares / scale).T])
