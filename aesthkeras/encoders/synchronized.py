"""Batch normalisation over all replicas that train together."""

from __future__ import annotations

import keras

from aesthkeras.encoders.rebuilding import rebuilt


def synchronized_copy(model: keras.Model) -> keras.Model:
    """The same model with the same weights, whose batch normalisation has the statistics of all replicas.

    Without it each replica normalises its own share of a batch, and trains as with a smaller batch.

    Args:
        model: a functional model, possibly with models among its layers; it is left as it is.

    Returns:
        A new functional model that shares nothing with the first.
    """
    return rebuilt(model, _synchronized)


def _synchronized(layer: keras.layers.Layer) -> dict[str, bool]:
    return {"synchronized": True} if isinstance(layer, keras.layers.BatchNormalization) else {}
