"""Several encoders side by side: one square of a photo in, the blocks of all of them out."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aesthkeras.encoders.blocks import EMBEDDING

JOINED = "side_by_side"
PART = "encoder"  # the name of each encoder inside, ahead of its number


def common_sizes(sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Crop and resize in pixels from which every encoder can be given what it wants.

    The resize is the greatest of all, so that nobody gets enlarged pixels. The crop is the largest field of
    view at that resize.

    Args:
        sizes: crop and resize of each encoder, in pixels.
    """
    resize = max(own_resize for _, own_resize in sizes)
    return max(_field(crop, own_resize, resize) for crop, own_resize in sizes), resize


def _field(crop: int, own_resize: int, resize: int) -> int:
    """Edge of what an encoder sees, in pixels of a photo with another resize than its own."""
    return round(crop * resize / own_resize)


@keras.saving.register_keras_serializable(package="aesthkeras")
class FieldOfView(keras.layers.Layer):
    """The middle of a square, shrunk: what one of several encoders sees of the pixels that all share.

    Shrinking averages the area that a new pixel covers, by exact shares of the old, and rounds as pixels are
    rounded: what `photos.views.resize_shorter_edge` does ahead of an encoder alone. TensorFlow's own
    operation for it has no GPU kernel, and TFLite and ONNX do not have it; and a GPU may round
    a matrix product to TF32. So it is a sum of a few gathered rows and columns.

    Args:
        edge: of what is cut out of the middle, in pixels.
        size: edge of what comes out, in pixels, at most `edge`.

    Call arguments:
        pixels: uint8 or floating `[N, S, S, 3]`, S at least `edge`.

    Returns:
        float32 `[N, size, size, 3]`.

    Raises:
        ValueError: `size` is none from 1 to `edge`.
    """

    def __init__(self, edge: int, size: int, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "dtype": "float32", "autocast": False})
        if not 1 <= size <= edge:
            raise ValueError(f"size={size}: expected 1 to edge={edge}")
        self.edge, self.size = edge, size

    def call(self, pixels: tf.Tensor) -> tf.Tensor:
        """Cut and shrink a batch."""
        start = (pixels.shape[1] - self.edge) // 2
        stop = start + self.edge
        cut = tf.cast(pixels[:, start:stop, start:stop], tf.float32)
        if self.size == self.edge:
            return cut
        taps = area_taps(self.edge, self.size)
        rows = tf.add_n([tf.gather(cut, at, axis=1) * share[:, None, None] for at, share in taps])
        return tf.round(tf.add_n([tf.gather(rows, at, axis=2) * share[:, None] for at, share in taps]))

    def get_config(self) -> dict[str, Any]:
        """Arguments that rebuild the layer."""
        return {**super().get_config(), "edge": self.edge, "size": self.size}


def area_taps(edge: int, size: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """What each of `size` new pixels takes of `edge` old ones, one old one of each at a time.

    Returns:
        Pairs of indices, int32 `[size]`, and shares, float32 `[size]`; each new pixel's shares sum to 1.
    """
    starts = np.arange(size) * edge / size
    stops = (np.arange(size) + 1) * edge / size
    first = np.floor(starts).astype(np.int32)
    taps = []
    for step in range(int(np.ceil(edge / size)) + 1):
        covered = np.minimum(stops, first + step + 1) - np.maximum(starts, first + step)
        shares = np.maximum(covered, 0) * size / edge
        taps.append((np.minimum(first + step, edge - 1), shares.astype(np.float32)))
    return [(at, share) for at, share in taps if share.any()]


def name_alone(block: str) -> str:
    """The name that a block has in its own encoder: `conv1` for `conv1.2`, which is the second's."""
    return re.sub(r"\.\d+$", "", block)


def joined_model(
    encoders: Sequence[keras.Model], resizes: Sequence[int], embedding_of: int | None = None
) -> keras.Model:
    """One encoder made of several.

    Args:
        encoders: functional models from RGB pixel values `[N, S, S, 3]` to their outputs by name.
        resizes: length of a photo's shorter edge that each of them wants before its crop S, in pixels.
        embedding_of: index of the encoder whose embedding is the `embedding`; None for no embedding.

    Returns:
        A functional model that shares the weights: RGB pixel values in [0, 255], `[N, crop, crop, 3]` with
        the crop of `common_sizes`, to the blocks of all encoders. A block keeps its name unless an encoder
        before it has one of that name; then the number of its own stands behind it: `conv1` of the second is
        `conv1.2`. Each encoder sees the middle of the square, as large a share of the photo as it would
        see alone (`FieldOfView`), one pixel further up and left where an odd number is left over.
    """
    crops = [encoder.input_shape[1] for encoder in encoders]
    crop, resize = common_sizes(list(zip(crops, resizes)))
    pixels = keras.Input((crop, crop, 3), name="pixels")
    outputs: dict[str, tf.Tensor] = {}
    for index, (encoder, size, own_resize) in enumerate(zip(encoders, crops, resizes)):
        wanted = {
            name: output
            for name, output in encoder.output.items()
            if len(output.shape) == 4 or (name == EMBEDDING and index == embedding_of)
        }
        number = index + 1
        part = keras.Model(encoder.input, wanted, name=f"{PART}{number}")
        view = FieldOfView(_field(size, own_resize, resize), size, name=f"seen_by_encoder{number}")
        for name, output in part(view(pixels)).items():
            outputs[_name_beside(outputs, name, number)] = output
    return keras.Model(pixels, outputs, name=JOINED)


def parts_of(model: keras.Model) -> list[list[str]]:
    """Which outputs are of which encoder, by name; one list for a model that is not of `joined_model`."""
    if model.name != JOINED:
        return [list(model.output)]
    layers = {layer.name: layer for layer in model.layers}  # in no order of the encoders
    parts: list[list[str]] = []
    while (own := layers.get(f"{PART}{len(parts) + 1}")) is not None:
        names = [name for part in parts for name in part]
        parts.append([_name_beside(names, name, len(parts) + 1) for name in own.output])
    return parts


def _name_beside(names: Collection[str], name: str, number: int) -> str:
    """The name of a block of the encoder of that number, beside those of the encoders before it."""
    while name in names:
        name = f"{name}.{number}"
    return name
