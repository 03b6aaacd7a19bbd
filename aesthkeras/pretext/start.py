"""Training that begins with the convolution blocks of another encoder instead of random ones.

An extension of ours: blocks fit any input size, so most of a training can be done on small patches, where it
costs a fraction, and a shipped encoder can go on learning on somebody's own photos.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from tensorflow import keras

from aesthkeras.encoders.blocks import EMBEDDING
from aesthkeras.errors import UsageError
from aesthkeras.networks.find import FoundEncoder, find_encoder
from aesthkeras.pretext.task import PretextTask

Blocks = dict[str, list[np.ndarray]]  # weights of each layer by its name


def find_start(task: PretextTask) -> FoundEncoder:
    """The encoder that `--start_from` names, as `find_encoder` finds it.

    Raises:
        UsageError: there is none, a random one, or one that is not built as the task's own.
    """
    spec = task.recipe.start_from
    if spec.startswith("random:"):
        raise UsageError(f"start_from={spec}: expected a trained encoder; without the flag all is random")
    found = find_encoder(spec, tiles=1, argument="start_from")  # a scorer holds its encoder in tiles
    take_blocks(task.build_encoder(), blocks_of(found.model))  # a trial, before any photo is decoded
    return found


def blocks_of(encoder: keras.Model) -> Blocks:
    """Kernels and statistics of the convolution blocks; the embedding hangs on the input size."""
    return {name: layer.get_weights() for name, layer in _block_layers(encoder)}


def _block_layers(model: keras.Model, place: str = "") -> Iterator[tuple[str, keras.layers.Layer]]:
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _block_layers(layer, f"{place}{layer.name}/")
        elif layer.weights and not layer.name.startswith(EMBEDDING):
            yield place + layer.name, layer


def take_blocks(encoder: keras.Model, blocks: Blocks) -> None:
    """Gives an encoder's convolution blocks the weights of another's.

    Raises:
        UsageError: the two are not built alike; the encoder is left as it was.
    """
    own = blocks_of(encoder)
    shapes, given = (
        {name: [array.shape for array in arrays] for name, arrays in of.items()} for of in (own, blocks)
    )
    differing = sorted(name for name in shapes.keys() | given.keys() if shapes.get(name) != given.get(name))
    if differing:
        raise UsageError(
            "start_from: expected an encoder of the same task, encoder_name and width; "
            f"{differing[0]} differs"
        )
    for name, layer in _block_layers(encoder):
        layer.set_weights(blocks[name])
