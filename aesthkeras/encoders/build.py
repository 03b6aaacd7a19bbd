"""Encoders by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from aesthkeras.encoders.alexnet import AlexNet
from aesthkeras.encoders.resnet import ResNet18
from aesthkeras.encoders.split import AlexNetLab
from aesthkeras.errors import UsageError

ENCODERS: dict[str, Callable[..., keras.Model]] = {
    "alexnet": AlexNet,
    "alexnet_lab": AlexNetLab,
    "resnet18": ResNet18,
}


def build_encoder(
    name: str, *, input_size: int = 227, width: float = 1.0, weight_decay: float = 5e-4, **options: Any
) -> keras.Model:
    """Build the encoder of that name under Keras's global precision policy.

    Args:
        name: a key of ``ENCODERS``.
        input_size: height and width S of the input in pixels, at least 96.
        width: channel multiplier, > 0.
        weight_decay: L2 in the gradient of each kernel, >= 0.
        **options: what else ``AlexNet`` and the others take: ``seed`` and ``preprocessing``.

    Returns:
        A functional model from RGB pixel values in [0, 255], uint8 or floating ``[N, S, S, 3]``, to a dict of
        ``conv1`` .. ``conv5`` (compute dtype) and ``embedding`` (float32).

    Raises:
        UsageError: unknown name, or a size, width or weight decay out of range.
    """
    if name not in ENCODERS:
        raise UsageError(f"name={name}: expected one of {', '.join(sorted(ENCODERS))}")
    return ENCODERS[name](input_size, width, weight_decay=weight_decay, **options)
