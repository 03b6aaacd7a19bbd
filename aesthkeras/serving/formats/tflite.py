"""TFLite, for phones and small machines: float32, half-sized float16, or int8 with a representative set."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from aesthkeras.quiet_start import without_stderr
from aesthkeras.serving.formats.pixel_network import PixelNetwork

FLOAT32, FLOAT16, INT8 = "float32", "float16", "int8"
# What int8 leaves in float32: the statistics of a block and the steps between dense layers, a few values of
# far ranges. In whole numbers they put the score of `quality` off by 0.077 on average, so by 0.026 (75 photos
# of CLIVE, ranges of other photos), in a file of the same size.
IN_FLOAT32 = [
    *("MEAN", "SQUARED_DIFFERENCE", "SQRT", "REDUCE_MAX", "CONCATENATION", "BATCH_MATMUL"),
    *("ADD", "SUB", "MUL", "MINIMUM", "MAXIMUM", "LOGISTIC"),
]


def to_tflite(network: PixelNetwork, precision: str, representative: np.ndarray | None = None) -> bytes:
    """Convert a network to a TFLite file with the signature `serving_default`.

    Args:
        network: what to convert.
        precision: `float32`; `float16`, which halves the weights and computes in float32 on a CPU; `int8`,
            which quarters them and computes convolutions and dense layers in whole numbers.
        representative: for `int8`, uint8 `[N, crop, crop, 3]`: pixels of photos like those to come. The range
            of every activation is that which it has on them.
    """
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(network.module, folder, {"serving_default": network.answer})
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["serving_default"])
        if precision != FLOAT32:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if precision == FLOAT16:
            converter.target_spec.supported_types = [tf.float16]
        if precision == INT8:
            assert representative is not None
            photos = representative

            def one_by_one() -> Iterator[dict[str, np.ndarray]]:
                return ({"pixels": photo[np.newaxis]} for photo in photos)

            converter.representative_dataset = one_by_one
        with without_stderr():  # the C++ converter's statistics
            return _in_whole_numbers(converter) if precision == INT8 else converter.convert()


def _in_whole_numbers(converter: tf.lite.TFLiteConverter) -> bytes:
    """Selective quantization, which TensorFlow has in its debugger only."""
    options = tf.lite.experimental.QuantizationDebugOptions(denylisted_ops=IN_FLOAT32)
    debugger = tf.lite.experimental.QuantizationDebugger(
        converter=converter, debug_dataset=converter.representative_dataset, debug_options=options
    )
    return debugger.get_nondebug_quantized_model()
