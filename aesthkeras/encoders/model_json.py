"""A functional model as JSON of our own, from which Keras 2 and Keras 3 build the same model.

Keras's own configurations cannot be read across the two. What is written here names each layer, those of its
arguments that differ from their defaults, and the outputs that each of its calls takes:

    {"name": "alexnet", "inputs": ["pixels", 0, 0], "outputs": {"conv1": ["conv1", 0, 0]},
     "layers": [{"name": "pixels", "class": "InputLayer", "options": {"shape": [227, 227, 3]}},
                {"name": "conv1", "class": "Dense", "options": {"units": 9}, "calls": [["pixels", 0, 0]]}]}

`[layer, call, output]` counts calls and outputs from 0; outputs by name count in alphabetical order. A model
among the layers has `model` in place of `class` and `options`. Initial values are not kept, nor is the dtype,
which is float32.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any

import keras
import tensorflow as tf

# Arguments of a layer that change nothing of what it computes, trained, in float32 and on one device.
UNKEPT_OPTIONS = ("name", "dtype", "autocast", "synchronized")
# Arguments of a call that Keras gives when a model runs, whatever the configuration says.
UNKEPT_ARGUMENTS = ("mask", "training")
# Keras 2 rounds the numbers of a regularizer to float32.
REGULARIZER_DIGITS = 7

Graph = dict[str, Any]
Described = Mapping[str, Any]
"""What is described: JSON values, ours or Keras's."""
References = Any
"""`[layer, call, output]`, or lists and dicts of these, as a layer takes them."""


class UnknownLayerError(ValueError):
    """A model has a layer or a call that the other Keras may not have; the message names it."""


def graph_of(model: keras.Model) -> Graph:
    """Describe a functional model.

    Args:
        model: functional, with layers of ``keras.layers`` and registered ones of this package.

    Returns:
        JSON values, as the text above says; equal for equal models of Keras 2 and Keras 3.

    Raises:
        UnknownLayerError: another kind of model, or a layer that the other Keras may not have.
    """
    return graph_of_configuration(json.loads(model.to_json()))


def graph_of_configuration(configuration: Described) -> Graph:
    """Describe the model of a configuration of Keras 2 or Keras 3.

    Args:
        configuration: what ``Model.to_json`` of either gave.

    Returns:
        As ``graph_of``.

    Raises:
        UnknownLayerError: as ``graph_of``.
    """
    if configuration["class_name"] not in ("Functional", "Model"):
        raise UnknownLayerError(f"a {configuration['class_name']} model")
    config = configuration["config"]
    models = {layer["name"] for layer in config["layers"] if "layers" in layer["config"]}

    def end(reference: References) -> References:
        name, call, output = reference[:3]
        return [name, call - (name in models), output]  # Keras counts the making of a model as a call

    return {
        "name": config["name"],
        "inputs": _only(_mapped(config["input_layers"], end)),
        "outputs": _only(_mapped(config["output_layers"], end)),
        "layers": [_layer(layer, models) for layer in config["layers"]],
    }


def model_of(graph: Described) -> keras.Model:
    """Build the model of a description, with fresh weights, under Keras's current precision policy.

    Args:
        graph: as ``graph_of`` gives it.

    Returns:
        A functional model.

    Raises:
        UnknownLayerError: a layer that this Keras does not have.
        Exception: a damaged description; of any kind.
    """
    layers = {layer["name"]: _built(layer) for layer in graph["layers"]}
    outputs: dict[str, list[list[tf.Tensor]]] = {
        name: [] if isinstance(layer, keras.layers.Layer) else [[layer]] for name, layer in layers.items()
    }

    def tensor(reference: References) -> tf.Tensor:
        name, call, output = reference
        return outputs[name][call][output]

    waiting = {layer["name"]: list(layer.get("calls", ())) for layer in graph["layers"]}
    while any(waiting.values()):  # a layer called twice may take what comes after its first call
        called = [
            _call_while_possible(layers[name], waiting[name], outputs[name], tensor) for name in waiting
        ]
        if not any(called):
            raise ValueError("calls that take outputs of each other")
    return keras.Model(
        _mapped(graph["inputs"], tensor), _mapped(graph["outputs"], tensor), name=graph["name"]
    )


def _built(layer: Described) -> keras.layers.Layer | tf.Tensor:
    """A layer with fresh weights; of an input the tensor that it gives."""
    name, options = layer["name"], layer.get("options", {})
    if "model" in layer:
        return model_of(layer["model"])
    if layer["class"] == "InputLayer":
        return keras.Input(tuple(options["shape"]), dtype=options["dtype"], name=name)
    return _class(layer["class"])(**options, name=name)


def _call_while_possible(
    layer: keras.layers.Layer,
    calls: list[References],
    outputs: list[list[tf.Tensor]],
    tensor: Callable[[References], tf.Tensor],
) -> bool:
    """Make the first of the calls, as many as take outputs that are there; whether there was one."""
    before = len(calls)
    while calls:
        try:
            taken = _mapped(calls[0], tensor)
        except LookupError:
            break
        outputs.append(tf.nest.flatten(layer(taken)))
        calls.pop(0)
    return len(calls) < before


def _layer(layer: Described, models: set[str]) -> Graph:
    name, config = layer["name"], layer["config"]
    calls = [_call(node, models) for node in layer["inbound_nodes"]]
    if name in models:
        return {"name": name, "model": graph_of_configuration(layer), "calls": calls}
    class_name = layer.get("registered_name") or layer["class_name"]
    if class_name == "InputLayer":
        shape = config.get("batch_input_shape") or config.get("batch_shape")
        return {"name": name, "class": class_name, "options": {"shape": shape[1:], "dtype": config["dtype"]}}
    return {"name": name, "class": class_name, "options": _options(class_name, layer), "calls": calls}


def _call(node: Any, models: set[str]) -> References:
    """What a call takes, by a node as Keras 3 writes it, `{"args": ..., "kwargs": ...}`, or as Keras 2."""
    if isinstance(node, Mapping) and "args" in node:
        _require_known(node["kwargs"])
        if len(node["args"]) != 1:
            raise UnknownLayerError(f"a call with {len(node['args'])} arguments")
        return _mapped(node["args"][0], _history)

    def reference(tensor: Any) -> References:  # with the named arguments behind it
        name, call, output, arguments = tensor
        _require_known(arguments)
        return [name, call - (name in models), output]

    return _only(_mapped(node, reference))


def _require_known(arguments: Described) -> None:
    unknown = [name for name in arguments if name not in UNKEPT_ARGUMENTS]
    if unknown:
        raise UnknownLayerError(f"a call with {', '.join(unknown)}")


def _history(tensor: Any) -> References:
    if not isinstance(tensor, Mapping) or tensor["class_name"] != "__keras_tensor__":
        raise UnknownLayerError(f"a call with {tensor!r}")
    return tensor["config"]["keras_history"]


def _only(references: References) -> References:
    """Keras writes one tensor as itself or as a list of one."""
    is_one = isinstance(references, list) and len(references) == 1
    return references[0] if is_one else references


def _options(class_name: str, layer: Described) -> dict[str, Any]:
    """The arguments of a layer that differ from the defaults."""
    config = layer["config"]
    arguments = inspect.signature(_class(class_name).__init__).parameters.items()
    defaults = {"trainable": True, **{name: argument.default for name, argument in arguments}}
    kept = {}
    for name, value in config.items():
        if name in UNKEPT_OPTIONS or name.endswith("_initializer"):
            continue
        if _plain(value) != _plain(defaults.get(name)):
            kept[name] = _plain(value)
    if class_name == "BatchNormalization" and isinstance(config["axis"], list):
        (axis,) = kept.pop("axis")  # where Keras 2 found it: [3] for the last of four
        if axis != len(layer.get("build_config", {}).get("input_shape", ())) - 1:
            kept["axis"] = axis
    if "alpha" in kept and class_name == "LeakyReLU":
        kept["negative_slope"] = kept.pop("alpha")
    return kept


def _plain(value: Any) -> Any:
    """JSON values, with regularizers and constraints reduced to what both Keras read."""
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if not isinstance(value, Mapping) or "class_name" not in value:
        return value
    name = value["class_name"]
    if not hasattr(keras.regularizers, name) and not hasattr(keras.constraints, name):
        raise UnknownLayerError(f"a layer with a {name} among its arguments")
    return {"class_name": name, "config": {key: _rounded(item) for key, item in value["config"].items()}}


def _rounded(value: Any) -> Any:
    return float(f"{value:.{REGULARIZER_DIGITS}g}") if isinstance(value, float) else value


def _class(name: str) -> type[keras.layers.Layer]:
    found = keras.saving.get_registered_object(name) or getattr(keras.layers, name, None)
    if found is None or found is keras.layers.Lambda:  # which holds code of one Python version
        raise UnknownLayerError(f"a layer of class {name}")
    return found


def _mapped(structure: Any, function: Callable[[Any], Any]) -> Any:
    """A structure of lists and dicts with each reference in it replaced."""
    if isinstance(structure, Mapping) and "class_name" not in structure:
        return {name: _mapped(item, function) for name, item in structure.items()}
    if isinstance(structure, list) and not (structure and isinstance(structure[0], str)):
        return [_mapped(item, function) for item in structure]
    return function(structure)
