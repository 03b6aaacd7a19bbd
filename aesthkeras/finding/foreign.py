"""A SavedModel of somebody else as an encoder, with a small JSON that says what is what.

The JSON is `aesthkeras.json` in the folder of the model, or `NAME.json` beside it:

    {"signature": "serving_default", "input": "images", "scaling": "0..1", "crop": 224, "resize": 256,
     "blocks": {"conv1": "relu_1", "conv5": "relu_5"}, "embedding": "pooled"}

`blocks` and `embedding` name outputs of the signature. Only `blocks` must be there, and `input` where the
signature has several.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import saved_model_pb2

from aesthkeras.encoders.blocks import EMBEDDING
from aesthkeras.encoders.foreign_layer import ForeignNetwork
from aesthkeras.encoders.scaling import SCALINGS, PixelScaling
from aesthkeras.errors import first_line
from aesthkeras.finding.found import FoundEncoder, encoder_fingerprint
from aesthkeras.networks.export import SAVED_MODEL_FILE
from aesthkeras.networks.spec import Spec
from aesthkeras.training.precision import use_precision

JSON_FILE = "aesthkeras.json"
FOREIGN_SIGNATURE = "serving_default"
EXAMPLE = '{"signature": NAME, "input": NAME, "blocks": {"conv1": OUTPUT}, "crop": 224, "scaling": "0..1"}'

Signatures = dict[str, tuple[list[str], list[str]]]  # names of inputs and outputs by the signature's name


def foreign_encoder(spec: Spec, place: Path, version: Path) -> FoundEncoder:
    """Wrap a signature of a SavedModel as a functional model.

    Args:
        spec: what was asked for.
        place: `savedmodels/NAME`, or the version's own folder.
        version: the folder with `saved_model.pb`.

    Raises:
        UsageError: a damaged SavedModel, no JSON, or one that does not fit the SavedModel.
    """
    signatures = _signatures(spec, version)
    beside = (version / JSON_FILE, place / JSON_FILE, place.with_name(f"{place.name}.json"))
    file = next((candidate for candidate in beside if candidate.is_file()), None)
    there = "; ".join(
        f"{name} takes {', '.join(inputs)} and answers {', '.join(outputs)}"
        for name, (inputs, outputs) in signatures.items()
    )
    if file is None:
        raise spec.refuse(
            f"a SavedModel that aesthkeras exported, or {version / JSON_FILE} that says {EXAMPLE}; "
            f"its signatures: {there or 'none'}"
        )
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        signature = said.get("signature", FOREIGN_SIGNATURE)
        inputs, answered = signatures[signature]
        argument = said.get("input") or inputs[0]
        outputs = dict(said["blocks"])
        if "embedding" in said:
            outputs[EMBEDDING] = said["embedding"]
        scaling = said.get("scaling", "0..255")
        sizes = {name: int(said[name]) for name in ("crop", "resize") if name in said}
        fits = argument in inputs and said["blocks"] and {*outputs.values()} <= {*answered}
        if not fits or scaling not in SCALINGS or any("/" in name for name in outputs):  # names of files too
            raise ValueError("it names what is not there")
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise spec.refuse(f"{file} to say {EXAMPLE}; signatures of the SavedModel: {there}") from error
    crop, resize = spec.sizes(sizes)
    model = _wrapped(spec, version, signature, argument, outputs, crop, scaling)
    model.trainable = False
    fingerprint = encoder_fingerprint(model, resize)
    return FoundEncoder(model, crop, resize, fingerprint, place.resolve().name, spec.text)


def _signatures(spec: Spec, version: Path) -> Signatures:
    try:
        content = (version / SAVED_MODEL_FILE).read_bytes()
        graphs = saved_model_pb2.SavedModel.FromString(content).meta_graphs
    except (DecodeError, OSError) as error:
        raise spec.refuse("a SavedModel that can be read") from error
    return {
        name: (sorted(signature.inputs), sorted(signature.outputs))
        for graph in graphs
        for name, signature in graph.signature_def.items()
        if not name.startswith("__")
    }


def _wrapped(
    spec: Spec,
    version: Path,
    signature: str,
    argument: str,
    outputs: dict[str, Any],
    crop: int,
    scaling: str,
) -> keras.Model:
    use_precision("float32")
    pixels = keras.Input((crop, crop, 3), name="pixels")
    try:
        network = ForeignNetwork(str(version.resolve()), signature, argument, outputs, name="network")
        model = keras.Model(pixels, network(PixelScaling(scaling, name="scaled")(pixels)), name="foreign")
    except (OSError, ValueError, LookupError, TypeError, tf.errors.OpError) as error:
        wanted = f"a SavedModel that answers pixels [N, {crop}, {crop}, 3]"
        raise spec.refuse(f"{wanted} ({first_line(error)})") from error
    maps = {name: output for name, output in model.output.items() if name != EMBEDDING}
    flat = [name for name, output in maps.items() if len(output.shape) != 4]
    if flat:
        raise spec.refuse(f"blocks that are maps [N, H, W, C]; {flat[0]} is {maps[flat[0]].shape}")
    return model
