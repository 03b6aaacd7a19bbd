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
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

# Arguments that say nothing of what a trained layer computes in float32, on one device.
UNKEPT_OPTIONS = ("name", "dtype", "autocast", "synchronized")
# Only of calls: Keras sets them itself, and one of the two writes them down.
UNKEPT_ARGUMENTS = ("mask", "training")
# Keras 2 rounds the numbers of a regularizer to float32.
REGULARIZER_DIGITS = 7

Graph = dict[str, Any]


class UnknownLayerError(ValueError):
    """A model has a layer or a call that the other Keras may not have; the message names it."""


def graph_of(model: keras.Model) -> Graph:
    """Describe a functional model.

    Args:
        model: functional, with layers of ``keras.layers`` and registered ones of this package.

    Returns:
        JSON values, as the text above says; equal for equal models of Keras 2 and Keras 3.

    Raises:
        UnknownLayerError: another kind of model, or a layer that only one Keras has.
    """
    return graph_of_configuration(json.loads(model.to_json()))


def graph_of_configuration(configuration: Mapping[str, Any]) -> Graph:
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

    def end(reference: Any) -> Any:  # the call that made the model is number 0 there
        name, call, output = reference[:3]
        return [name, call - (name in models), output]

    return {
        "name": config["name"],
        "inputs": _only(_mapped(config["input_layers"], end)),
        "outputs": _only(_mapped(config["output_layers"], end)),
        "layers": [_layer(layer, models) for layer in config["layers"]],
    }


def model_of(graph: Mapping[str, Any]) -> keras.Model:
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
    outputs: dict[str, list[list[Any]]] = {
        name: [] if isinstance(layer, keras.layers.Layer) else [[layer]] for name, layer in layers.items()
    }

    def tensor(reference: Any) -> Any:
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


def _built(layer: Mapping[str, Any]) -> Any:
    """A layer with fresh weights; of an input the tensor that it gives."""
    name, options = layer["name"], layer.get("options", {})
    if "model" in layer:
        return model_of(layer["model"])
    if layer["class"] == "InputLayer":
        return keras.Input(tuple(options["shape"]), dtype=options["dtype"], name=name)
    return _class(layer["class"])(**options, name=name)


def _call_while_possible(layer: Any, calls: list[Any], outputs: list[list[Any]], tensor: Any) -> bool:
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


def _layer(layer: Mapping[str, Any], models: set[str]) -> Graph:
    name, config = layer["name"], layer["config"]
    calls = [_call(node, models) for node in layer["inbound_nodes"]]
    if name in models:
        return {"name": name, "model": graph_of_configuration(layer), "calls": calls}
    class_name = layer.get("registered_name") or layer["class_name"]
    if class_name == "InputLayer":
        shape = config.get("batch_input_shape") or config.get("batch_shape")
        return {"name": name, "class": class_name, "options": {"shape": shape[1:], "dtype": config["dtype"]}}
    return {"name": name, "class": class_name, "options": _options(class_name, config), "calls": calls}


def _call(node: Any, models: set[str]) -> Any:
    """What a call takes: of Keras 3 `{"args": ..., "kwargs": ...}`, of Keras 2 references with the kwargs."""
    named: dict[str, Any] = {}
    if isinstance(node, Mapping) and "args" in node:
        named |= node["kwargs"]
        given = _mapped(node["args"], _history)
    else:

        def reference(tensor: Any) -> Any:
            name, call, output, arguments = tensor
            named.update(arguments)
            return [name, call - (name in models), output]

        given = [_only(_mapped(node, reference))]
    unknown = [name for name in named if name not in UNKEPT_ARGUMENTS]
    if unknown or len(given) != 1:
        raise UnknownLayerError(f"a call with {', '.join(unknown) or f'{len(given)} arguments'}")
    return given[0]


def _history(tensor: Any) -> Any:
    if not isinstance(tensor, Mapping) or tensor["class_name"] != "__keras_tensor__":
        raise UnknownLayerError(f"a call with {tensor!r}")
    return tensor["config"]["keras_history"]


def _only(references: Any) -> Any:
    """Keras writes one tensor as itself or as a list of one."""
    is_one = isinstance(references, list) and len(references) == 1
    return references[0] if is_one else references


def _options(class_name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a layer that differ from the defaults."""
    arguments = inspect.signature(_class(class_name).__init__).parameters.items()
    defaults = {"trainable": True, **{name: argument.default for name, argument in arguments}}
    kept = {}
    for name, value in config.items():
        if name in UNKEPT_OPTIONS or name.endswith("_initializer"):
            continue
        if _plain(value) != _plain(defaults.get(name)):
            kept[name] = _plain(value)
    if class_name == "BatchNormalization" and isinstance(config["axis"], list):
        # Keras 2 has the axis found in the input; ours are the last, as is everybody's with channels last.
        kept.pop("axis")
    if "alpha" in kept and class_name == "LeakyReLU":
        kept["negative_slope"] = kept.pop("alpha")
    return kept


def _plain(value: Any) -> Any:
    """JSON values, with regularizers and constraints reduced to what both Keras read."""
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping) and "class_name" in value:
        if "config" not in value or not isinstance(value["config"], Mapping):
            raise UnknownLayerError(f"a layer with a {value['class_name']} among its arguments")
        numbers = {
            name: float(f"{number:.{REGULARIZER_DIGITS}g}") for name, number in value["config"].items()
        }
        return {"class_name": value["class_name"], "config": numbers}
    return value


def _class(name: str) -> Any:
    found = keras.saving.get_registered_object(name) or getattr(keras.layers, name, None)
    if found is None:
        raise UnknownLayerError(f"a layer of class {name}")
    return found


def _mapped(structure: Any, function: Any) -> Any:
    """A structure of lists and dicts with each reference in it replaced."""
    if isinstance(structure, Mapping) and "class_name" not in structure:
        return {name: _mapped(item, function) for name, item in structure.items()}
    if isinstance(structure, list) and not (structure and isinstance(structure[0], str)):
        return [_mapped(item, function) for item in structure]
    return function(structure)
