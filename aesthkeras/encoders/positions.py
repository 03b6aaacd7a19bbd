"""Which pixel each position of conv5 looks at."""

from __future__ import annotations

import numpy as np

# Kernel, stride and padding of what has a stride between pixels and conv5; the rest shifts nothing.
_ALEXNET = ((11, 4, "valid"), (3, 2, "valid"), (3, 2, "valid"))
STRIDED = {
    "alexnet": _ALEXNET,
    "alexnet_lab": _ALEXNET,
    "resnet18": ((7, 2, "same"), (3, 2, "same"), (3, 2, "same"), (3, 2, "same"), (3, 2, "same")),
}


def conv5_centers(name: str, input_size: int) -> tuple[np.ndarray, int]:
    """The centres of the receptive fields of conv5 along one edge, and the distance between two of them.

    Args:
        name: a key of `encoders.ENCODERS`.
        input_size: edge of the input in pixels.

    Returns:
        float64 `[positions]`, in pixels from the centre of the first pixel on, and the stride in pixels.
    """
    count, first, step = input_size, 0.0, 1
    for kernel, stride, padding in STRIDED[name]:
        same = padding == "same"
        positions = -(-count // stride) if same else (count - kernel) // stride + 1
        # TensorFlow puts the odd zero of its padding last
        before = max(0, (positions - 1) * stride + kernel - count) // 2 if same else 0
        first += ((kernel - 1) / 2 - before) * step
        count, step = positions, step * stride
    return first + step * np.arange(count), step
