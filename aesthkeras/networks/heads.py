"""Non-linear heads: from an encoder's blocks to a calibrated score (Table 3, "+ non-linear layers")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from aesthkeras.encoders.blocks import EMBEDDING, layer_seed
from aesthkeras.networks.pooling import Description
from aesthkeras.networks.settings import STANDARDIZATION_EPSILON
from aesthkeras.training.dropout import CountedDropout

layers = keras.layers

OUTPUT_SCALE = 0.1

LOGITS = "logits"
SCORE = "score"
RATING = "rating"
DISTRIBUTION = "distribution"
DEGRADATIONS = "degradations"
ANSWERS = (SCORE, RATING, DISTRIBUTION, DEGRADATIONS)  # beside what the encoder answers


@keras.saving.register_keras_serializable(package="aesthkeras")
class Probability(keras.layers.Layer):
    """The calibrated probability that a photo is positive: ``sigmoid((values - threshold) / temperature)``.

    Fitted on photos that did not train: ``calibration.fit_calibration``.

    Args:
        threshold: the logit or rating whose probability is one half.
        temperature: above 0, in the unit of the values.

    Call arguments:
        values: floating ``[N]``, logits or ratings.

    Returns:
        float32 ``[N]`` in [0, 1].
    """

    def __init__(self, threshold: float = 0.0, temperature: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.threshold, self.temperature = float(threshold), float(temperature)

    def call(self, values: tf.Tensor) -> tf.Tensor:
        """Calibrate a batch."""
        return tf.sigmoid((values - self.threshold) / self.temperature)

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild the layer."""
        return {**super().get_config(), "threshold": self.threshold, "temperature": self.temperature}


@keras.saving.register_keras_serializable(package="aesthkeras")
class MeanRating(keras.layers.Layer):
    """The mean of a distribution over the ratings 1 to K.

    Call arguments:
        shares: floating ``[..., K]``, at least 0, the sum over K being 1.

    Returns:
        float32 ``[...]`` in [1, K].
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32"})

    def call(self, shares: tf.Tensor) -> tf.Tensor:
        """Average a batch."""
        ratings = tf.range(1, shares.shape[-1] + 1, dtype=tf.float32)
        return tf.reduce_sum(shares * ratings, -1)


@keras.saving.register_keras_serializable(package="aesthkeras")
class MemberMean(keras.layers.Layer):
    """The mean over the members of a head: floating ``[N, M, ...]`` -> ``[N, ...]``."""

    def call(self, values: tf.Tensor) -> tf.Tensor:
        """Average a batch."""
        return tf.reduce_mean(values, 1)


@keras.saving.register_keras_serializable(package="aesthkeras")
class MemberDense(keras.layers.EinsumDense):
    """A dense layer for each member.

    It adds the bias itself: to add `[M, 1]` Keras 3 takes an operation that TFLite does not have.
    """

    def call(self, values: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Answer a batch: ``[N, D]``, the same for all members, or ``[N, M, D]`` -> ``[N, M, units]``."""
        outputs = tf.einsum(self.equation, values, self.kernel)
        return self.activation(outputs if self.bias is None else outputs + self.bias)


def build_network(
    values: Mapping[str, int],
    hidden: Sequence[int],
    outputs: int,
    *,
    members: int = 1,
    components: int = 0,
    linear_path: bool = False,
    dropout: float = 0.0,
    weight_decay: float = 0.0,
    seed: int = 0,
) -> keras.Model:
    """The part of a head that is trained: hidden layers with dropout on standardised features.

    Members are networks side by side that share nothing but their input; each may train on other photos.

    Args:
        values: length of each input by its name: blocks as ``pool_blocks`` gives them, ``embedding``.
        hidden: units of each hidden layer of a member; none makes it linear.
        outputs: 1 for a logit or a rating, K for the logits of K ratings.
        members: number of networks.
        components: length that the standardised features are projected to; 0 for no projection.
        linear_path: whether a linear layer also leads from the first hidden layer's input to the output.
        dropout: share of the values set to 0 before every dense layer, in training.
        weight_decay: L2 in the gradient of every kernel, as Caffe and PyTorch have it.
        seed: equal seeds give equal weights.

    Returns:
        A functional model: dict of float32 ``[N, values]`` -> float32 ``[N, members, outputs]``. Every
        trained weight has the members as its first axis. Standardisation and projection are not trained, but
        fitted: ``NAME_normalization``, ``standardised`` (what comes of it) and ``projection``.
    """
    decay = keras.regularizers.l2(weight_decay / 2) if weight_decay else None
    inputs = {name: keras.Input((number,), name=name, dtype="float32") for name, number in values.items()}
    normalized = [
        # The probes' normalisation: without scale and shift.
        layers.BatchNormalization(
            epsilon=STANDARDIZATION_EPSILON,
            center=False,
            scale=False,
            trainable=False,
            name=f"{name}_normalization",
            dtype="float32",
        )(features)
        for name, features in inputs.items()
    ]
    if len(normalized) > 1:
        features = layers.Concatenate(name="standardised")(normalized)
    else:  # Keras cannot rebuild a concatenation of one
        features = layers.Activation("linear", name="standardised", dtype="float32")(normalized[0])
    if components:
        projection = layers.Dense(
            components, use_bias=False, trainable=False, name="projection", dtype="float32"
        )
        features = projection(features)
    features = _with_dropout(features, dropout, seed, "input")
    seen = features
    for number, units in enumerate(hidden, 1):
        name = f"hidden{number}"
        features = _of_members(features, members, units, name, seed, decay, activation="relu")
        features = _with_dropout(features, dropout, seed, name)
    # Small initial outputs: large ones would throw the first steps off.
    output = _of_members(features, members, outputs, "output", seed, decay, scale=OUTPUT_SCALE)
    if linear_path and hidden:
        linear = _of_members(
            seen, members, outputs, "linear", seed, decay, scale=OUTPUT_SCALE, bias_axes=None
        )
        output = layers.Add(name="sum", dtype="float32")([output, linear])
    return keras.Model(inputs, output, name="network")


def _with_dropout(features: tf.Tensor, dropout: float, seed: int, name: str) -> tf.Tensor:
    if not dropout:
        return features
    return CountedDropout(dropout, layer_seed(seed, f"{name} dropout"), name=f"{name}_dropout")(features)


def _of_members(
    features: tf.Tensor,
    members: int,
    units: int,
    name: str,
    seed: int,
    decay: keras.regularizers.Regularizer | None,
    scale: float = 1.0,
    **options: Any,
) -> tf.Tensor:
    deviation = scale * (2 / features.shape[-1]) ** 0.5  # He et al. 2015
    return MemberDense(
        "nd,mdh->nmh" if len(features.shape) == 2 else "nmd,mdh->nmh",
        (members, units),
        kernel_initializer=keras.initializers.RandomNormal(0, deviation, layer_seed(seed, name)),
        kernel_regularizer=decay,
        name=name,
        dtype="float32",
        **{"bias_axes": "mh", **options},
    )(features)


def build_scorer(
    network: keras.Model,
    target: str,
    *,
    threshold: float = 0.0,
    temperature: float = 1.0,
    mean: float = 0.0,
    deviation: float = 1.0,
) -> keras.Model:
    """A trained network with the mean of its members made into scores.

    Args:
        network: as ``build_network`` makes it: one output for ``binary`` (a logit) and ``score`` (a
            standardised rating), K for ``distribution`` (logits of the ratings 1 to K).
        target: ``binary``, ``score`` or ``distribution``.
        threshold: the logit or rating whose score is one half.
        temperature: of the calibration, see ``Probability``.
        mean: of the ratings that trained, for ``score``.
        deviation: of the ratings that trained, for ``score``.

    Returns:
        A functional model on the network's inputs to ``score`` float32 ``[N]``, the probability that the
        photo is positive. But for ``binary`` there is also ``rating`` float32 ``[N]``, the expected mean
        rating on the set's own scale, which puts photos in the same order; for ``distribution`` also
        ``distribution`` float32 ``[N, K]``, the expected shares of the raters.
    """
    values, shares = member_values(network, target, mean, deviation)
    value = MemberMean(name=RATING)(values)
    scored = {SCORE: Probability(threshold, temperature, name=SCORE)(value)}
    if target != "binary":
        scored[RATING] = value
    if shares is not None:
        scored[DISTRIBUTION] = MemberMean(name=DISTRIBUTION)(shares)
    return keras.Model(network.input, scored, name="scorer")


def member_values(
    network: keras.Model, target: str, mean: float = 0.0, deviation: float = 1.0
) -> tuple[Any, Any | None]:
    """Each member's logit or rating ``[N, M]`` and, for ``distribution``, its shares ``[N, M, K]``."""
    output = network(network.input)
    if target == "distribution":
        shares = layers.Softmax(name="shares", dtype="float32")(output)
        return MeanRating(name="ratings")(shares), shares
    values = layers.Reshape(output.shape[1:2], name="values", dtype="float32")(output)
    if target == "score":
        values = layers.Rescaling(deviation, mean, name="ratings", dtype="float32")(values)
    return values, None


def scorer_of_blocks(scorer: keras.Model, encoder: keras.Model, pooling: str = "vissl") -> keras.Model:
    """A scorer that pools for itself.

    Args:
        scorer: a functional model from pooled blocks and the embedding, as ``build_scorer`` makes it.
        encoder: gives the shapes of the blocks.
        pooling: one of ``settings.POOLINGS``.

    Returns:
        A functional model from those of the encoder's outputs that the scorer reads, by name and not pooled,
        to the scorer's own outputs.
    """
    read = {name: encoder.output[name].shape[1:] for name in scorer.input}
    inputs = {name: keras.Input(shape, name=name, dtype="float32") for name, shape in read.items()}
    return keras.Model(inputs, scorer(Description(pooling, name="description")(inputs)), name="scorer")


def scoring_model(
    encoder: keras.Model, scorer: keras.Model, degradations: keras.Model | None = None
) -> keras.Model:
    """Encoder and scorer as one model, for heat maps and for scoring without a SavedModel's signatures.

    Args:
        encoder: a functional model from RGB pixel values to its outputs by name.
        scorer: as ``scorer_of_blocks`` makes it.
        degradations: a functional model from the embedding to logits, or to a dict that holds them as
            ``logits``; None for an encoder that knows no degradations.

    Returns:
        A functional model from the encoder's input to the encoder's outputs (blocks not pooled), the scorer's
        outputs, and, with a third model, ``degradations`` float32 ``[N, classes]``, probabilities.
    """
    outputs = encoder(encoder.input)
    answered = {**outputs, **scorer({name: outputs[name] for name in scorer.input})}
    if degradations is not None:
        logits = head_logits(degradations(outputs[EMBEDDING]))
        answered[DEGRADATIONS] = layers.Softmax(name=DEGRADATIONS, dtype="float32")(logits)
    return keras.Model(encoder.input, answered, name="scoring")


def head_logits(outputs: Any) -> Any:
    """The logits of a pretext task's head: its output itself, or ``logits`` among its outputs."""
    return outputs[LOGITS] if isinstance(outputs, Mapping) else outputs
