from __future__ import annotations

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from aesthkeras.degradations import jpeg_dct


@pytest.mark.parametrize("quality", [1, 10, 49, 50, 60, 95, 100])
def test_tables_are_those_in_a_libjpeg_file(photos, quality):
    file = io.BytesIO()
    Image.fromarray(photos[0]).save(file, "JPEG", quality=quality)
    with Image.open(file) as written:
        luminance, chrominance = written.quantization[0], written.quantization[1]
    ours = jpeg_dct.quantization_tables(quality)
    np.testing.assert_array_equal(ours[0].reshape(-1), luminance)
    np.testing.assert_array_equal(ours[1].reshape(-1), chrominance)


def test_gray_stays_gray():
    gray = np.random.default_rng(1).integers(0, 256, [2, 40, 40, 1], np.uint8)
    compressed = jpeg_dct.compress(tf.constant(np.repeat(gray, 3, axis=3)), 10).numpy()
    assert (compressed == compressed[..., :1]).all()


@pytest.mark.parametrize("color", [(0, 0, 0), (255, 255, 255), (255, 0, 0), (12, 200, 90)])
def test_a_flat_image_stays_flat_and_close(color):
    flat = np.tile(np.array(color, np.uint8), [1, 48, 48, 1])
    compressed = jpeg_dct.compress(tf.constant(flat), 95).numpy().astype(int)
    assert (compressed == compressed[:, :1, :1]).all()
    assert np.abs(compressed - flat).max() <= 3


def test_no_operation_is_bound_to_a_cpu():
    """The graph holds tensor algebra only: nothing of the codec, no resampling kernel."""
    graph = tf.function(lambda images: jpeg_dct.compress(images, 60)).get_concrete_function(
        tf.TensorSpec([None, 227, 227, 3], tf.uint8)
    )
    kinds = {node.type for node in graph.graph.get_operations()}
    assert not {kind for kind in kinds if "Jpeg" in kind or "Resize" in kind or "PyFunc" in kind}
