"""Batch normalisation over all replicas that train together."""

from __future__ import annotations

import keras


def synchronized_copy(model: keras.Model) -> keras.Model:
    """The same model with the same weights, whose batch normalisation has the statistics of all replicas.

    Without it each replica normalises its own share of a batch, and trains as with a smaller batch.

    Args:
        model: a functional model, possibly with models among its layers; it is left as it is.

    Returns:
        A new functional model that shares nothing with the first.
    """
    copy = _rebuilt(model)
    copy.set_weights(model.get_weights())
    return copy


def _rebuilt(model: keras.Model) -> keras.Model:
    return keras.models.clone_model(model, clone_function=_synchronized_layer)


def _synchronized_layer(layer: keras.layers.Layer) -> keras.layers.Layer:
    if isinstance(layer, keras.Model):
        return _rebuilt(layer)
    is_normalization = isinstance(layer, keras.layers.BatchNormalization)
    return type(layer).from_config(layer.get_config() | ({"synchronized": True} if is_normalization else {}))
