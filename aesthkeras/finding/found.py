"""An encoder that was found, whatever it was made of."""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

import keras

from aesthkeras.encoders.blocks import EMBEDDING


class FoundEncoder(NamedTuple):
    """An encoder ready to be probed.

    Attributes:
        model: a functional float32 model from RGB pixel values in [0, 255], ``[N, crop, crop, 3]``, to its
            blocks ``[N, H, W, C]`` and, where it has one, its ``embedding`` ``[N, values]``, by name.
        crop: edge of its input in pixels.
        resize: length of a photo's shorter edge before the crop.
        fingerprint: SHA-256 over architecture, weights, crop and resize, in hexadecimal.
        name: what tables call it.
        spec: what ``find_encoder`` was asked for.
        degradations: embedding to the logits of the degradations, and their names; None where it knows none.
        notes: what is known about the licence of the photos that trained it; empty for nothing.
    """

    model: keras.Model
    crop: int
    resize: int
    fingerprint: str
    name: str
    spec: str
    degradations: tuple[keras.Model, list[str]] | None = None
    notes: str = ""

    @property
    def blocks(self) -> list[str]:
        """The names of the blocks, in the order of the model."""
        return [name for name, output in self.model.output.items() if len(output.shape) == 4]

    @property
    def embedding(self) -> str | None:
        """The name of the embedding; None where there is none."""
        return EMBEDDING if EMBEDDING in self.model.output else None


def encoder_fingerprint(model: keras.Model, resize: int, more: str = "") -> str:
    """SHA-256, in hexadecimal, over an encoder's configuration and weights, its resize, and `more`."""
    config = json.dumps(model.get_config(), sort_keys=True, default=str)
    digest = hashlib.sha256(f"{config}\0{resize}\0{more}\0".encode())
    for weight in model.get_weights():
        digest.update(weight.tobytes())
    return digest.hexdigest()
