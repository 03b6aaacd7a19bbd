"""The decoder of the exported graph, and what it says of a file that it refuses."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.decoding.photo import decode_photo
from aesthkeras.photos.photo_files import decoding_error


@lru_cache(maxsize=1)
def graph():
    signature = [tf.TensorSpec([], tf.string), tf.TensorSpec([], tf.string)]
    return tf.function(decode_photo, input_signature=signature)


def decoded(contents: bytes) -> np.ndarray:
    return graph()(contents, "").numpy().astype(int)


def refusal(contents: bytes, name: str = "") -> str:
    with pytest.raises(tf.errors.OpError) as caught:
        graph()(contents, name)
    reason = decoding_error(caught.value)
    assert "\n" not in reason and "{{" not in reason
    return reason
