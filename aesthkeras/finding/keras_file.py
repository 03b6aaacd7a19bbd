"""`FILE.keras?blocks=a,b`: a Keras model that somebody has saved, as an encoder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import keras
import tensorflow as tf

from aesthkeras.encoders.blocks import EMBEDDING
from aesthkeras.encoders.network_blocks import block_outputs, encoder_of
from aesthkeras.encoders.scaling import SCALINGS, PixelScaling
from aesthkeras.errors import first_line
from aesthkeras.finding.found import FoundEncoder, encoder_fingerprint
from aesthkeras.networks import description  # noqa: F401, registers our layers
from aesthkeras.networks.spec import Spec, Types, names
from aesthkeras.training.precision import use_precision

EXPECTED_MODEL = "a functional Keras model with one input, images of three channels"


def keras_file_encoder(spec: Spec) -> FoundEncoder:
    """Load a functional Keras model whose input are images.

    Args:
        spec: `FILE.keras?blocks=a,b&crop=224&resize=256&scaling=0..255`; what stands behind the file may be
            left out. `blocks` names layers. Without it, a model whose outputs are a dict has its maps as
            blocks and `embedding` as embedding; of any other model the blocks are those of `default_blocks`.
            The crop is the model's own input size, 224 where it takes any; `scaling`, one of `SCALINGS`, says
            what the model wants for RGB pixel values in [0, 255].

    Raises:
        UsageError: no such file, another kind of model, no such layers, or sizes out of range.
    """
    types: Types = {"blocks": names, "crop": int, "resize": int, "scaling": str}
    options = spec.options(types, f"{spec.name}?blocks=a,b&crop=224&resize=256&scaling=0..255")
    scaling = options.get("scaling", "0..255")
    if scaling not in SCALINGS:
        raise spec.refuse(f"scaling to be one of {', '.join(SCALINGS)}")
    if not Path(spec.name).is_file():
        raise spec.refuse(f"a file {spec.name}")
    use_precision("float32")
    network = _loaded(spec)
    edges = set(network.inputs[0].shape[1:3])
    own = edges.pop() if len(edges) == 1 else -1
    if own not in (None, options.get("crop", own)) or own == -1:
        raise spec.refuse(f"a square input, and its size as the crop; it is {network.inputs[0].shape}")
    crop, resize = spec.sizes({"crop": own, **options} if own else options)
    if own is None:  # the maps' sizes must be known
        images = keras.Input((crop, crop, 3), name="images")
        sized = keras.models.clone_model(network, input_tensors=images)
        sized.set_weights(network.get_weights())
        network = sized
    try:
        outputs = _outputs(network, options.get("blocks", ()))
    except ValueError as error:
        raise spec.refuse(f"layers of the model as blocks ({error})") from error
    model = encoder_of(network, outputs, crop, PixelScaling(scaling, name="scaled"), Path(spec.name).stem)
    model.trainable = False
    fingerprint = encoder_fingerprint(model, resize)
    return FoundEncoder(model, crop, resize, fingerprint, Path(spec.name).stem, spec.text)


def _loaded(spec: Spec) -> keras.Model:
    try:
        network = keras.models.load_model(spec.name, compile=False)
    # a layer that is not registered, a Lambda (code of others, which is not run), a file cut short
    except Exception as error:
        raise spec.refuse(f"a Keras model that can be loaded ({first_line(error)})") from error
    is_functional = bool(getattr(network, "inputs", None)) and len(network.inputs) == 1
    if not is_functional or len(network.inputs[0].shape) != 4 or network.inputs[0].shape[-1] != 3:
        raise spec.refuse(EXPECTED_MODEL)
    return network


def _outputs(network: keras.Model, blocks: list[str]) -> dict[str, tf.Tensor]:
    given = network.output if isinstance(network.output, Mapping) else {}
    embedding = {EMBEDDING: given[EMBEDDING]} if EMBEDDING in given else {}
    if blocks or not given:
        return {**block_outputs(network, blocks), **embedding}
    maps = {name: output for name, output in given.items() if len(output.shape) == 4}
    if not maps:
        raise ValueError(f"its outputs {', '.join(given)} hold no map [N, H, W, C]")
    return {**maps, **embedding}
