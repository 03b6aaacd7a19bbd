"""Training that begins with the convolution blocks of another encoder instead of random ones.

An extension of ours. Blocks fit any input size, so most of a training can be done on small patches, where it
costs a fraction; and the training of a shipped encoder can be continued on one's own photos.
"""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np

from aesthkeras.encoders.blocks import EMBEDDING
from aesthkeras.errors import UsageError
from aesthkeras.finding.find import find_encoder
from aesthkeras.finding.found import FoundEncoder
from aesthkeras.pretext.task import PretextTask

Blocks = dict[str, list[np.ndarray]]  # weights of each layer by its name


def find_start(task: PretextTask) -> FoundEncoder:
    """The encoder that the recipe's `start_from` names, as `find_encoder` finds it.

    Raises:
        UsageError: there is none, it is a random one, or its architecture is not that of the task's encoder.
    """
    spec = task.recipe.start_from
    if spec.startswith("random:"):
        raise UsageError(f"start_from={spec}: expected a trained encoder; an empty one gives random blocks")
    found = find_encoder(spec, tiles=1, argument="start_from")  # a scorer holds its encoder in tiles
    take_blocks(task.build_encoder(), block_weights(found.model))  # a trial, before any photo is decoded
    return found


def block_weights(encoder: keras.Model) -> Blocks:
    """Kernels and statistics of the convolution blocks; the embedding's kernel depends on the input size."""
    return {name: layer.get_weights() for name, layer in _block_layers(encoder)}


def _block_layers(model: keras.Model, place: str = "") -> Iterator[tuple[str, keras.layers.Layer]]:
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _block_layers(layer, f"{place}{layer.name}/")
        elif layer.weights and not layer.name.startswith(EMBEDDING):
            yield place + layer.name, layer


def take_blocks(encoder: keras.Model, blocks: Blocks) -> None:
    """Copies the weights of another encoder's convolution blocks into an encoder.

    Raises:
        UsageError: their architectures differ; the encoder is left as it was.
    """
    own = block_weights(encoder)
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
