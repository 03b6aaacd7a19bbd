from __future__ import annotations

import pytest
import tensorflow as tf

from aesthkeras.degradations import contract


def test_returns_the_edges_when_the_batch_size_is_unknown():
    seen = []

    @tf.function(input_signature=[tf.TensorSpec([None, 33, 47, 3])])
    def trace(images):
        seen.append(contract.checked(images)[1:])
        return images

    trace.get_concrete_function()
    assert seen == [(33, 47)]


@pytest.mark.parametrize("shape", [[32, 32, 3], [1, 32, 32, 1], [1, 32, 32, 4]])
def test_wrong_shape(shape):
    with pytest.raises(ValueError, match=r"expected \[N, H, W, 3\]"):
        contract.checked(tf.zeros(shape))


def test_wrong_type():
    with pytest.raises(ValueError, match="images are uint8: expected float32"):
        contract.checked(tf.zeros([1, 32, 32, 3], tf.uint8))
    with pytest.raises(ValueError, match="images are float16: expected float32 or uint8"):
        contract.checked(tf.zeros([1, 32, 32, 3], tf.float16), tf.float32, tf.uint8)


def test_unknown_edges():
    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3])])
    def trace(images):
        return contract.checked(images)[0]

    with pytest.raises(ValueError, match="known H and W"):
        trace.get_concrete_function()
