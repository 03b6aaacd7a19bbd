"""Proof that a pre-training learned: its weights and its loss beside those that it began with."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from aesthkeras.encoders.keras_graph import every_layer
from aesthkeras.pretext.model import PretextModel
from aesthkeras.pretext.task import Tensors
from aesthkeras.training.learned import Learned

BATCHES = 8
"""The first ones of the stream: of the photos that it trained on, in crops that it saw once."""


class Weights(NamedTuple):
    """What a model is made of at one moment.

    Attributes:
        kernels: float32, by block of the encoder, and `head`.
        encoder: all its weights, statistics of batch normalisation among them; empty if nobody asked.
        head: the same.
    """

    kernels: Mapping[str, list[np.ndarray]]
    encoder: list[np.ndarray]
    head: list[np.ndarray]

    @classmethod
    def of(cls, model: PretextModel, kernels_alone: bool = False) -> Weights:
        """A copy of what a model has now.

        Args:
            model: with all its weights made.
            kernels_alone: for several replicas, whose statistics only a step of all of them may touch.
        """
        whole = ([], []) if kernels_alone else (model.encoder.get_weights(), model.head.get_weights())
        return cls(_kernels(model), *whole)

    def give(self, model: PretextModel) -> None:
        """Puts them back."""
        model.encoder.set_weights(self.encoder)
        model.head.set_weights(self.head)


def proof_of_learning(model: PretextModel, initial: Weights, batches: Iterable[Tensors]) -> Learned:
    """Compares a trained model with what it began as; the model is left as it was.

    Args:
        model: trained.
        initial: the weights before the first step. Kernels alone give no losses.
        batches: what the losses are computed on, as the training step takes it; read twice.
    """
    trained = Weights.of(model, kernels_alone=not initial.encoder)
    moved = {
        block: _size(map(np.subtract, trained.kernels[block], initial.kernels[block]))
        / _size(initial.kernels[block])
        for block in trained.kernels
        if _size(initial.kernels[block])
    }
    if not initial.encoder:
        return Learned(moved)
    terms = tf.function(lambda batch: _terms(model, batch), autograph=False)
    try:
        after = _means(terms, batches)
        initial.give(model)
        return Learned(moved, _means(terms, batches), after)
    finally:
        trained.give(model)  # the statistics of batch normalisation, too: they have followed these batches


def _terms(model: PretextModel, batch: Tensors) -> Tensors:
    """The mean of each loss term, without weights of patches, with the batch's own statistics."""
    batch = model.with_views(batch)
    outputs = model.task.forward(model.encoder, model.head, batch, training=True)
    losses = model.task.losses(outputs, batch)
    return {name: tf.reduce_mean(term) for name, term in (losses.unweighted or losses.terms).items()}


def _means(terms: Callable[[Tensors], Tensors], batches: Iterable[Tensors]) -> dict[str, float]:
    found = [{name: float(value) for name, value in terms(batch).items()} for batch in batches]
    return {name: float(np.mean([one[name] for one in found])) for name in found[0]}


def _kernels(model: PretextModel) -> dict[str, list[np.ndarray]]:
    """Layers of a block are called after it."""
    blocks = list(model.encoder.output)
    found: dict[str, list[np.ndarray]] = defaultdict(list)
    for layer in every_layer(model.encoder):
        if hasattr(layer, "kernel"):
            block = next((name for name in blocks if layer.name.startswith(name)), layer.name)
            found[block].append(layer.kernel.numpy())
    for layer in every_layer(model.head):
        if hasattr(layer, "kernel"):
            found["head"].append(layer.kernel.numpy())
    return dict(found)


def _size(kernels: Iterable[np.ndarray]) -> float:
    return math.sqrt(sum(float(np.square(kernel, dtype=np.float64).sum()) for kernel in kernels))
