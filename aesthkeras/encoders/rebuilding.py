"""Functional models rebuilt layer by layer, with some arguments of their layers changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras


def rebuilt(model: keras.Model, changed: Callable[[keras.layers.Layer], Mapping[str, Any]]) -> keras.Model:
    """The same model with the same weights, but for arguments of its layers.

    Args:
        model: a functional model, possibly with models among its layers; it is left as it is.
        changed: the arguments of a layer that are others in the copy, as its `get_config` names them.

    Returns:
        A new functional model that shares nothing with the first.
    """

    def layer_of_copy(layer: keras.layers.Layer) -> keras.layers.Layer:
        if isinstance(layer, keras.Model):
            return keras.models.clone_model(layer, clone_function=layer_of_copy)
        return type(layer).from_config({**layer.get_config(), **changed(layer)})

    copy = layer_of_copy(model)
    copy.set_weights(model.get_weights())
    return copy
