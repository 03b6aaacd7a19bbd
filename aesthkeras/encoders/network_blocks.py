"""An encoder made of any Keras network: which of its layers are blocks, under which names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import keras
import tensorflow as tf

from aesthkeras.encoders.blocks import EMBEDDING

MOST_BLOCKS = 5
PIXEL_CHANNELS = 3
# Padded or cut maps are those of another layer; a model within the model has layers of its own.
NO_BLOCKS = (keras.Model, keras.layers.InputLayer, keras.layers.ZeroPadding2D, keras.layers.Cropping2D)


def default_blocks(network: keras.Model) -> list[str]:
    """The layers to take as blocks where nobody says which: the last at each size of map, the five deepest.

    Args:
        network: a functional model of images.

    Returns:
        Names of layers in the order of the model. A map of one position is no block, nor are pixels, which
        have no more than three channels.
    """
    last: dict[tuple[int, int], str] = {}
    for name, output in _maps(network).items():
        size = tuple(output.shape[1:3])
        last.pop(size, None)
        last[size] = name
    return list(last.values())[-MOST_BLOCKS:]


def block_outputs(network: keras.Model, names: Sequence[str]) -> dict[str, tf.Tensor]:
    """The outputs of some layers by name.

    Args:
        network: a functional model of images.
        names: of layers whose output is a map, `[N, H, W, C]`; none for the default ones.

    Raises:
        ValueError: a name is none of these; the message says which there are.
    """
    maps = _maps(network)
    unknown = [name for name in names if name not in maps]
    if unknown or not maps:
        there = ", ".join(maps) or "none"
        raise ValueError(f"blocks={','.join(names)}: expected layers with maps, which are {there}")
    return {name: maps[name] for name in names or default_blocks(network)}


def _maps(network: keras.Model) -> dict[str, tf.Tensor]:
    """The outputs `[N, H, W, C]` of the layers by name, in the order of the model."""
    maps = {}
    for layer in network.layers:
        if isinstance(layer, NO_BLOCKS):
            continue
        try:
            output = layer.output
        except (AttributeError, ValueError):  # a layer called more than once has no one output
            continue
        if isinstance(output, Mapping | list | tuple) or len(output.shape) != 4:
            continue
        if output.shape[1] != 1 and output.shape[-1] > PIXEL_CHANNELS:
            maps[layer.name] = output
    return maps


def encoder_of(
    network: keras.Model,
    outputs: Mapping[str, tf.Tensor],
    crop: int,
    preprocessing: keras.layers.Layer,
    name: str,
) -> keras.Model:
    """A network as an encoder: pixels in, blocks by name out.

    Args:
        network: a functional model with one input, images.
        outputs: which of its tensors are the encoder's outputs, by name. Names become those of files, so a
            slash in one becomes a full stop.
        crop: edge of the input in pixels.
        preprocessing: from RGB pixel values in [0, 255] to what the network takes.
        name: of the encoder.

    Returns:
        A functional model in float32, from RGB pixel values `[N, crop, crop, 3]` to the outputs by name.
    """
    named = {name.replace("/", "."): output for name, output in outputs.items()}
    part = keras.Model(network.inputs[0], named, name="network")
    pixels = keras.Input((crop, crop, 3), name="pixels")
    return keras.Model(pixels, part(preprocessing(pixels)), name=name)


def mean_of(block: tf.Tensor) -> tf.Tensor:
    """The embedding of a network that averages its last block over positions: `[N, H, W, C]` -> `[N, C]`."""
    return keras.layers.GlobalAveragePooling2D(name=EMBEDDING, dtype="float32")(block)


def with_own_names(network: keras.Model) -> keras.Model:
    """The same network with the names of layers that a fresh process would give them.

    Keras numbers the layers that nobody has named (`multiply_18`) over all models that a process has built.
    Names decide what a block is called and what the fingerprint is, so they are counted anew for the model.
    """
    counts: dict[str, int] = {}

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        if isinstance(layer, keras.Model):
            return keras.models.clone_model(layer, clone_function=clone)
        config, plain = layer.get_config(), re.sub(r"_\d+$", "", layer.name)
        if plain == _automatic_name(layer):
            counts[plain] = count = counts.get(plain, -1) + 1
            config["name"] = f"{plain}_{count}" if count else plain
        return type(layer).from_config(config)

    images = keras.Input(network.inputs[0].shape[1:], name="images")
    copy = keras.models.clone_model(network, input_tensors=images, clone_function=clone)
    copy.set_weights(network.get_weights())
    return copy


def _automatic_name(layer: keras.layers.Layer) -> str:
    """The name, without a number, that Keras gives to such a layer."""
    operation = layer.get_config().get("function")  # of a layer that stands for an operator of TensorFlow
    if isinstance(operation, str):
        return f"tf.{operation}"
    words = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", type(layer).__name__)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()
