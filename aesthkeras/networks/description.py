"""What networks on disk say of themselves: `encoder.json`, `classes.txt` and `scorer.json`.

An export keeps these files in `assets/`, a run folder of `pretrain` beside its checkpoints. They are written
and read here and nowhere else. Weights are not among them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras

# Keras knows a layer of ours by its name once the file that registers it is imported.
from aesthkeras.encoders import (  # noqa: F401
    foreign_layer,
    lab,
    photo_statistics,
    pixels,
    released_alexnet,
    scaling,
    side_by_side,
    tiles,
)
from aesthkeras.encoders.float32 import float32_policy
from aesthkeras.encoders.model_json import UnknownLayerError, graph_of, graph_of_configuration, model_of
from aesthkeras.errors import first_line
from aesthkeras.networks.heads import head_logits
from aesthkeras.photos.notes import recorded_notes

ENCODER_FILE = "encoder.json"
CLASSES_FILE = "classes.txt"
SCORER_FILE = "scorer.json"
RECORD_FILE = "run.json"
PACKAGE_WEIGHTS = "package_weights"


class NetworkDescription(NamedTuple):
    """Networks without their weights.

    Attributes:
        resize: length of a photo's shorter edge before the crop, in pixels.
        crop: edge of the encoder's input, in pixels.
        encoder: what ``rebuild`` takes.
        head: the same of the head that tells degradations apart; None for none.
        class_names: names of the degradations, in the order of the head's logits; empty for no head.
        scorer: what ``rebuild`` takes; None for an encoder alone.
        meaning: what the score means, JSON values by name; empty for an encoder alone.
        notes: what is known about the licence of the photos that trained the encoder; empty for nothing.
        package_weights: fingerprint of the weights that are not beside the description, but in their package
            (`encoders/package_weights.py`); empty where all weights are there.
    """

    resize: int
    crop: int
    encoder: dict[str, Any]
    head: dict[str, Any] | None = None
    class_names: list[str] = []
    scorer: dict[str, Any] | None = None
    meaning: dict[str, Any] = {}
    notes: str = ""
    package_weights: str = ""


def describe_networks(
    encoder: keras.Model,
    resize: int,
    head: keras.Model | None = None,
    class_names: Sequence[str] | None = None,
) -> dict[str, str]:
    """The files that describe an encoder and the head that tells degradations apart.

    Args:
        encoder: a functional model in float32.
        resize: length of a photo's shorter edge before the crop, in pixels.
        head: a functional model in float32 from the embedding to logits, or to a dict that holds them as
            ``logits``.
        class_names: the names of the first logits, or of all; needed with a head.

    Returns:
        Text by file name.

    Raises:
        ValueError: a head without names, or with more names than logits.
    """
    configurations = {"model": _configuration(encoder), "head": head and _configuration(head)}
    sizes = {"resize_edge": resize, "crop": encoder.input_shape[1]}
    files = {ENCODER_FILE: json.dumps({**sizes, **configurations}, indent=1)}
    if head is not None:
        logits = head_logits(head.output).shape[-1]
        if not class_names or len(class_names) > logits:
            raise ValueError(f"class_names: expected names of the head's {logits} classes")
        files[CLASSES_FILE] = "".join(f"{name}\n" for name in class_names)
    return files


def without_package_weights(description: str, fingerprint: str) -> str:
    """The text of an `encoder.json` beside which the weights of the package are missing.

    Args:
        description: the text of one beside which all are.
        fingerprint: of the missing weights.
    """
    return json.dumps({**json.loads(description), PACKAGE_WEIGHTS: fingerprint}, indent=1)


def describe_scorer(scorer: keras.Model, meaning: Mapping[str, Any]) -> dict[str, str]:
    """The file that describes a scorer.

    Args:
        scorer: a functional model in float32, as ``heads.scorer_of_blocks`` makes it.
        meaning: what the score means, JSON values by name.

    Returns:
        Text by file name.
    """
    return {SCORER_FILE: json.dumps({**meaning, "model": _configuration(scorer)}, indent=1)}


def read_description(folder: Path) -> NetworkDescription:
    """Read the files that describe networks, each once.

    Raises:
        FileNotFoundError: there is no ``encoder.json``.
        ValueError: a file is damaged, or not as it is written here.
    """
    encoder, scorer = _read_json(folder / ENCODER_FILE), {}
    if (folder / SCORER_FILE).exists():
        scorer = _read_json(folder / SCORER_FILE)
    record = _read_json(folder / RECORD_FILE) if (folder / RECORD_FILE).exists() else {}
    try:
        head = encoder.get("head")  # exports of version 1 have none
        return NetworkDescription(
            resize=int(encoder["resize_edge"]),
            crop=int(encoder["crop"]),
            encoder=encoder["model"],
            head=head,
            class_names=(folder / CLASSES_FILE).read_text(encoding="utf-8").splitlines() if head else [],
            scorer=scorer["model"] if scorer else None,
            meaning={name: value for name, value in scorer.items() if name != "model"},
            notes=recorded_notes(record),
            package_weights=encoder.get(PACKAGE_WEIGHTS, ""),
        )
    except (KeyError, TypeError, AttributeError, FileNotFoundError) as error:
        raise ValueError(f"{folder}: {error!r} in what describes the networks") from error


def rebuild(described: Mapping[str, Any]) -> keras.Model:
    """The functional model of a description, in float32 with initial weights.

    Args:
        described: as ``encoders.model_json`` has it; or a configuration of Keras, which is what exports held
            up to version 0.1, and what they hold where only this Keras has a layer.

    Raises:
        ValueError: it does not describe a model, or one that only another Keras can build; one line.
    """
    try:
        with float32_policy():
            model = _of_keras(described) if "class_name" in described else model_of(described)
    except UnknownLayerError as error:
        raise ValueError(f"this Keras, {keras.__version__}, cannot build {error}") from error
    except Exception as error:  # from a missing key to an endless recursion, by what is damaged
        raise ValueError(f"no model can be built of its description: {first_line(error)}") from error
    if not isinstance(model, keras.Model):  # Keras makes a layer or a number as readily
        raise ValueError(f"what is described is a {type(model).__name__}, not a model")
    return model


def _of_keras(configuration: Mapping[str, Any]) -> Any:
    try:
        return model_of(graph_of_configuration(configuration))
    except UnknownLayerError:
        writer = str(configuration.get("keras_version", ""))
        if writer.split(".")[0] != keras.__version__.split(".")[0]:
            raise
        return keras.models.model_from_json(json.dumps(configuration))


def _configuration(model: keras.Model) -> dict[str, Any]:
    try:
        return graph_of(model)
    except UnknownLayerError:  # then only this Keras can build it again
        return {**json.loads(model.to_json()), "keras_version": keras.__version__}


def _read_json(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text(encoding="utf-8"))
