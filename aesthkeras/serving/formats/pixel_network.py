"""What is converted: an export's network on pixels of its own size, without decoding, resize and crop.

Other runtimes have no decoders for photos in their graphs. The pixels are made outside, by
`photos.views.serving_pixels`, or as it does: the shorter edge resized to `resize_edge` by exact area shares
(OpenCV's INTER_AREA) where the photo is larger, bilinear where it is smaller, rounded to 8 bits, then the
middle square of `crop` pixels.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow import keras

from aesthkeras.encoders import BLOCK_NAMES, EMBEDDING
from aesthkeras.networks.heads import DEGRADATIONS, head_logits
from aesthkeras.networks.loading import (
    encoder_description,
    is_scorer,
    load_degradations,
    load_encoder,
    load_scorer,
    scorer_description,
)
from aesthkeras.networks.pooling import Description


class PixelNetwork(tf.Module):
    """An export's network as one function.

    Args:
        folder: a SavedModel of an encoder or a scorer, `savedmodels/NAME` or `savedmodels/NAME/VERSION`.

    Attributes:
        crop: edge of the pixels in.
        answer: the function, a `tf.function`: `pixels` uint8 `[N, crop, crop, 3]` to float32 outputs by name.
            A scorer's are `score` and what goes with it, an encoder's `conv1` .. `conv5`, pooled as the
            probes pool them, and `embedding`; where the degradations are known there is `degradations` too.
        contract: what a user of the converted file has to know, as JSON values.

    Raises:
        UsageError: no SavedModel, or one that this package did not write.
    """

    def __init__(self, folder: str | Path) -> None:
        super().__init__()
        description = encoder_description(folder)
        self.crop = int(description["crop"])
        model, wanted = _scorer(folder) if is_scorer(folder) else _encoder(folder)
        self.network_weights = list(model.weights)

        def answer(pixels: tf.Tensor) -> dict[str, tf.Tensor]:
            outputs = model(tf.cast(pixels, tf.float32), training=False)
            return {name: outputs[name] for name in wanted}

        pixels = tf.TensorSpec([None, self.crop, self.crop, 3], tf.uint8, name="pixels")
        self.answer = tf.function(answer, input_signature=[pixels], autograph=False)
        self.contract = _contract(folder, description, model, wanted)


def _scorer(folder: str | Path) -> tuple[keras.Model, list[str]]:
    model = load_scorer(folder)
    return model, [name for name in model.output if name not in (*BLOCK_NAMES, EMBEDDING)]


def _encoder(folder: str | Path) -> tuple[keras.Model, list[str]]:
    encoder, degradations = load_encoder(folder), load_degradations(folder)
    embedding = encoder.output[EMBEDDING]
    outputs = Description(name="description")(encoder.output)
    if degradations is not None:
        logits = head_logits(degradations[0](embedding))
        outputs[DEGRADATIONS] = keras.layers.Softmax(name=DEGRADATIONS)(logits)
    return keras.Model(encoder.input, outputs), list(outputs)


def _contract(
    folder: str | Path, description: dict[str, Any], model: keras.Model, wanted: list[str]
) -> dict[str, Any]:
    crop, degradations = description["crop"], load_degradations(folder)
    contract: dict[str, Any] = {
        "inputs": {"pixels": f"uint8 [N, {crop}, {crop}, 3], RGB"},
        "outputs": {
            name: f"float32 [{', '.join(['N', *map(str, model.output[name].shape[1:])])}]" for name in wanted
        },
        "resize_edge": description["resize_edge"],
        "crop": crop,
    }
    if degradations is not None:
        contract["degradations"] = degradations[1]
    if is_scorer(folder):
        meaning = scorer_description(folder)
        contract["scorer"] = {name: value for name, value in meaning.items() if name != "model"}
    return contract
