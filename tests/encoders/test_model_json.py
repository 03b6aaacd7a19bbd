"""Models described by JSON of our own. Both stacks run these tests: what is expected holds for both Keras."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.encoders import AlexNet, ResNet18
from aesthkeras.encoders.model_json import UnknownLayerError, graph_of, graph_of_configuration, model_of
from aesthkeras.encoders.tiles import in_tiles

KERAS_2 = keras.__version__.startswith("2.")


def twice_called() -> keras.Model:
    """A model within a model, called on what comes of its own first call, and two outputs by name."""
    values = keras.Input((4,), name="values")
    dense = keras.layers.Dense(
        4, activation="relu", kernel_regularizer=keras.regularizers.l2(5e-4), name="dense"
    )
    inner = keras.Model(values, {"b": dense(values), "a": values}, name="inner")
    given = keras.Input((4,), name="given")
    first = inner(given)
    second = inner(keras.layers.Add(name="sum")([first["a"], first["b"]]))
    return keras.Model({"given": given}, {"first": first["b"], "second": second["b"]}, name="outer")


DESCRIBED = {
    "name": "outer",
    "inputs": {"given": ["given", 0, 0]},
    # outputs of a model count in alphabetical order: a, b
    "outputs": {"first": ["inner", 0, 1], "second": ["inner", 1, 1]},
    "layers": [
        {"name": "given", "class": "InputLayer", "options": {"shape": [4], "dtype": "float32"}},
        {
            "name": "inner",
            "model": {
                "name": "inner",
                "inputs": ["values", 0, 0],
                "outputs": {"b": ["dense", 0, 0], "a": ["values", 0, 0]},
                "layers": [
                    {"name": "values", "class": "InputLayer", "options": {"shape": [4], "dtype": "float32"}},
                    {
                        "name": "dense",
                        "class": "Dense",
                        "options": {
                            "units": 4,
                            "activation": "relu",
                            "kernel_regularizer": {"class_name": "L2", "config": {"l2": 0.0005}},
                        },
                        "calls": [["values", 0, 0]],
                    },
                ],
            },
            "calls": [["given", 0, 0], ["sum", 0, 0]],
        },
        {"name": "sum", "class": "Add", "options": {}, "calls": [[["inner", 0, 0], ["inner", 0, 1]]]},
    ],
}


def same_answers(model: keras.Model, other: keras.Model, inputs) -> None:
    assert [weight.shape for weight in model.weights] == [weight.shape for weight in other.weights]
    other.set_weights(model.get_weights())
    for wanted, got in zip(tf.nest.flatten(model(inputs)), tf.nest.flatten(other(inputs)), strict=True):
        np.testing.assert_array_equal(wanted, got)


def test_the_description_of_a_model_is_the_one_written_down_here():
    assert graph_of(twice_called()) == DESCRIBED


def test_a_model_of_the_description_answers_as_the_first_and_describes_itself_alike():
    model, built = twice_called(), model_of(json.loads(json.dumps(DESCRIBED)))
    same_answers(model, built, {"given": np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)})
    assert graph_of(built) == DESCRIBED
    penalty = built.losses[0] if KERAS_2 else built.get_layer("inner").losses[0]
    np.testing.assert_allclose(penalty, 5e-4 * np.sum(model.get_weights()[0] ** 2), rtol=1e-6)


@pytest.mark.parametrize(
    "encoder",
    [lambda: in_tiles(AlexNet(width=0.125), 2), lambda: ResNet18(width=0.125)],
    ids=["tiles", "resnet"],
)
def test_an_encoder_is_rebuilt_with_the_order_of_its_weights(encoder):
    model = encoder()
    model.trainable = False
    built = model_of(json.loads(json.dumps(graph_of(model))))
    size = model.input_shape[1]
    same_answers(
        model, built, np.random.default_rng(0).uniform(0, 255, (2, size, size, 3)).astype(np.float32)
    )
    assert [weight.name for weight in model.weights] == [weight.name for weight in built.weights]
    assert not built.trainable_weights


def test_regularizers_and_constraints_with_words_among_their_numbers_are_kept():
    rows = keras.regularizers.OrthogonalRegularizer(0.01, mode="columns")
    norm = keras.constraints.MaxNorm(2.0, axis=0)
    layer = keras.layers.Dense(2, kernel_regularizer=rows, kernel_constraint=norm, name="dense")
    options = graph_of(functional(layer))["layers"][1]["options"]
    assert options["kernel_regularizer"]["config"] == {"factor": 0.01, "mode": "columns"}
    assert options["kernel_constraint"]["config"]["max_value"] == 2.0
    built = model_of(graph_of(functional(layer))).get_layer("dense")
    assert type(built.kernel_constraint) is keras.constraints.MaxNorm
    assert built.kernel_regularizer.mode == "columns"


def test_a_network_of_keras_applications_is_rebuilt():
    model = keras.applications.MobileNetV2(
        weights=None, include_top=False, alpha=0.35, input_shape=(64, 64, 3)
    )
    built = model_of(json.loads(json.dumps(graph_of(model))))
    same_answers(model, built, np.random.default_rng(0).uniform(-1, 1, (2, 64, 64, 3)).astype(np.float32))


# What each Keras writes of `Dense(2, name="dense")` in a model called once, shortened to what is read.
INNER = [
    {"class_name": "InputLayer", "name": "values", "config": {"dtype": "float32"}, "inbound_nodes": []},
    {"class_name": "Dense", "name": "dense", "config": {"name": "dense", "units": 2, "use_bias": True}},
]


def configuration_of_keras_2():
    inner = [dict(layer, config=dict(layer["config"])) for layer in INNER]
    inner[0]["config"]["batch_input_shape"] = [None, 3]
    inner[1]["inbound_nodes"] = [[["values", 0, 0, {}]]]
    outer_input = dict(inner[0], name="given", config=dict(inner[0]["config"]))
    ends = {"input_layers": [["values", 0, 0]], "output_layers": [["dense", 0, 0]]}
    network = {
        "class_name": "Functional",
        "name": "inner",
        "config": {"name": "inner", "layers": inner, **ends},
    }
    network["inbound_nodes"] = [[["given", 0, 0, {}]]]
    config = {"name": "outer", "layers": [outer_input, network], "input_layers": [["given", 0, 0]]}
    # the call that made the model counts as one
    return {"class_name": "Functional", "config": {**config, "output_layers": {"answer": ["inner", 1, 0]}}}


def configuration_of_keras_3():
    def taking(name):
        history = {"shape": [None, 3], "dtype": "float32", "keras_history": [name, 0, 0]}
        tensor = {"class_name": "__keras_tensor__", "config": history}
        return [{"args": [tensor], "kwargs": {"mask": None}}]

    inner = [dict(layer, config=dict(layer["config"])) for layer in INNER]
    inner[0]["config"]["batch_shape"] = [None, 3]
    inner[1]["inbound_nodes"] = taking("values")
    inner[1]["config"]["quantization_config"] = None
    outer_input = dict(inner[0], name="given", config=dict(inner[0]["config"]))
    ends = {"input_layers": ["values", 0, 0], "output_layers": ["dense", 0, 0]}
    network = {
        "class_name": "Functional",
        "name": "inner",
        "config": {"name": "inner", "layers": inner, **ends},
    }
    network["inbound_nodes"] = taking("given")
    config = {"name": "outer", "layers": [outer_input, network], "input_layers": ["given", 0, 0]}
    return {"class_name": "Functional", "config": {**config, "output_layers": {"answer": ["inner", 1, 0]}}}


@pytest.mark.parametrize("configuration", [configuration_of_keras_2(), configuration_of_keras_3()])
def test_configurations_of_both_keras_are_read(configuration):
    model = model_of(graph_of_configuration(configuration))
    kernel, bias = np.array([[1, 2], [3, 4], [5, 6]], np.float32), np.array([0.5, 0.25], np.float32)
    model.set_weights([kernel, bias])
    answer = model(np.array([[1, 0, 2]], np.float32))["answer"]
    np.testing.assert_array_equal(answer, [[11.5, 14.25]])


def test_the_axis_that_keras_2_writes_is_the_last_only_where_it_is():
    images = {"class_name": "InputLayer", "name": "images", "inbound_nodes": []}
    images["config"] = {"batch_input_shape": [None, 3, 8, 8], "dtype": "float32"}

    def options(axis: int) -> dict:
        normalization = {"class_name": "BatchNormalization", "name": "norm", "config": {"axis": [axis]}}
        normalization |= {
            "build_config": {"input_shape": [None, 3, 8, 8]},
            "inbound_nodes": [[["images", 0, 0, {}]]],
        }
        ends = {"input_layers": [["images", 0, 0]], "output_layers": [["norm", 0, 0]]}
        config = {"name": "m", "layers": [images, normalization], **ends}
        graph = graph_of_configuration({"class_name": "Functional", "config": config})
        assert model_of(graph).weights[0].shape == [3 if axis == 1 else 8]
        return graph["layers"][1]["options"]

    assert options(1) == {"axis": 1}
    assert options(3) == {}


def functional(layer) -> keras.Model:
    values = keras.Input((5, 4))
    return keras.Model(values, layer(values))


def test_what_only_one_keras_can_build_is_named():
    with pytest.raises(UnknownLayerError, match="^a call with"):
        graph_of(functional(lambda values: values * 2.0))
    with pytest.raises(UnknownLayerError, match="^a layer of class Lambda$"):
        graph_of(functional(keras.layers.Lambda(lambda values: values)))
    with pytest.raises(UnknownLayerError, match="^a layer with a Dense among its arguments$"):
        graph_of(functional(keras.layers.TimeDistributed(keras.layers.Dense(2))))
    chain = keras.Sequential([keras.layers.Dense(2)])
    chain.build((None, 3))
    with pytest.raises(UnknownLayerError, match="^a Sequential model$"):
        graph_of(chain)
    unknown = json.loads(json.dumps(DESCRIBED).replace('"Dense"', '"Dance"'))
    with pytest.raises(UnknownLayerError, match="^a layer of class Dance$"):
        model_of(unknown)


def test_calls_in_a_circle_end():
    circle = json.loads(json.dumps(DESCRIBED))
    circle["layers"][2]["calls"] = [[["inner", 1, 0], ["inner", 0, 1]]]
    with pytest.raises(ValueError, match="of each other"):
        model_of(circle)
