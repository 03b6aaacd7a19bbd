"""What is converted: an export's network on pixels of its own size, without decoding, resize and crop.

Other runtimes have no decoders for photos in their graphs. The pixels are made outside, by
`photos.views.serving_pixels`, or as it does: the shorter edge resized to `resize_edge` by exact area shares
(OpenCV's INTER_AREA) where the photo is larger, bilinear where it is smaller, rounded to 8 bits, then the
middle square of `crop` pixels.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from aesthkeras.encoders.blocks import EMBEDDING
from aesthkeras.encoders.keras_graph import variables_of
from aesthkeras.networks.export import Export
from aesthkeras.networks.heads import ANSWERS, DEGRADATIONS, head_logits
from aesthkeras.networks.pooling import Description


class PixelNetwork:
    """An export's network as one function.

    Args:
        export: of an encoder or a scorer.

    Attributes:
        crop: edge of the pixels in.
        answer: the function, a `tf.function`: `pixels` uint8 `[N, crop, crop, 3]` to float32 outputs by name.
            A scorer's are `score` and what goes with it, an encoder's its blocks, pooled as the probes pool
            them, and its `embedding`; where the degradations are known there is `degradations` too.
        module: the function and its weights, for `tf.saved_model.save`.
        contract: what a user of the converted file has to know, as JSON values.

    Raises:
        UsageError: the export's weights cannot be read.
    """

    def __init__(self, export: Export) -> None:
        self.crop = export.crop
        model = _scores_of(export) if export.is_scorer else _features_of(export)

        def answer(pixels: tf.Tensor) -> dict[str, tf.Tensor]:
            return dict(model(tf.cast(pixels, tf.float32), training=False))

        pixels = tf.TensorSpec([None, self.crop, self.crop, 3], tf.uint8, name="pixels")
        self.answer = tf.function(answer, input_signature=[pixels], autograph=False)
        self.module = tf.Module()
        self.module.network_weights, self.module.answer = variables_of(model), self.answer
        self.contract = _contract(export, model)


def _scores_of(export: Export) -> keras.Model:
    """The scoring model without what the encoder answers."""
    model = export.scoring_model()
    return keras.Model(model.input, {name: out for name, out in model.output.items() if name in ANSWERS})


def _features_of(export: Export) -> keras.Model:
    encoder, degradations = export.encoder(), export.degradations()
    outputs = Description(name="description")(encoder.output)
    if degradations is not None:
        logits = head_logits(degradations[0](encoder.output[EMBEDDING]))
        outputs[DEGRADATIONS] = keras.layers.Softmax(name=DEGRADATIONS)(logits)
    return keras.Model(encoder.input, outputs)


def _contract(export: Export, model: keras.Model) -> dict[str, Any]:
    crop = export.crop
    contract: dict[str, Any] = {
        "inputs": {"pixels": f"uint8 [N, {crop}, {crop}, 3], RGB"},
        "outputs": {
            name: f"float32 [{', '.join(['N', *map(str, output.shape[1:])])}]"
            for name, output in model.output.items()
        },
        "resize_edge": export.resize,
        "crop": crop,
    }
    if export.class_names:
        contract["degradations"] = export.class_names
    if export.is_scorer:
        contract["scorer"] = export.meaning
    return contract
