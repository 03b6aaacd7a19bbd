"""TFLite, for phones and small machines: float32, half-sized float16, or int8 with a representative set."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from aesthkeras.quiet_start import without_stderr
from aesthkeras.serving.formats.pixel_network import PixelNetwork

FLOAT32, FLOAT16, INT8 = "float32", "float16", "int8"


def to_tflite(network: PixelNetwork, precision: str, representative: np.ndarray | None = None) -> bytes:
    """Convert a network to a TFLite file with the signature `serving_default`.

    Args:
        network: what to convert.
        precision: `float32`; `float16`, which halves the weights and computes in float32 on a CPU; `int8`,
            which quarters them and computes in whole numbers, but for the pixels and the last steps.
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
            return converter.convert()
