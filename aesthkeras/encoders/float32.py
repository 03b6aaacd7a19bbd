"""Models trained in mixed precision, rebuilt in float32 for serving."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from aesthkeras.encoders.rebuilding import rebuilt


@contextmanager
def float32_policy() -> Iterator[None]:
    """Keras's global policy ``float32`` for a while: models take theirs from there, layers from their own."""
    policy = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy("float32")
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy(policy)


def float32_copy(model: keras.Model) -> keras.Model:
    """The same functional model with the same weights, every layer under the ``float32`` policy.

    Args:
        model: a functional model, possibly with models among its layers; it is left as it is.

    Returns:
        A new functional model that shares nothing with the first.
    """
    with float32_policy():
        return rebuilt(model, _in_float32)


def _in_float32(layer: keras.layers.Layer) -> dict[str, str]:
    is_operation = not isinstance(layer, keras.layers.Layer)  # Keras 3 has `a + b` as such; it has no dtype
    return {} if is_operation else {"dtype": "float32"}
