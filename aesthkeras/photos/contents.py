"""A file, or a part of one, in a tf.data graph: by TensorFlow's own ops, or through Python where they cannot.

Through Python the bytes of one photo at a time are asked for; several requests run at once, as many as the
dataset has calls in parallel. What fails raises `tf.errors.InvalidArgumentError`, as a damaged photo does.
"""

from __future__ import annotations

import os

import numpy as np
import tensorflow as tf

from aesthkeras.fsspec_store import fsspec_files
from aesthkeras.storage import read_whole


def whole_file(path: tf.Tensor, by_tensorflow: bool) -> tf.Tensor:
    """Return what a file holds, string [].

    Args:
        path: string [].
        by_tensorflow: whether `storage.tensorflow_opens` it.
    """
    return tf.io.read_file(path) if by_tensorflow else _through_python(_read_whole, [path])


def part_of_file(
    path: tf.Tensor, offset: tf.Tensor, length: tf.Tensor, total: tf.Tensor, by_tensorflow: bool
) -> tf.Tensor:
    """Return some bytes of a file, string [].

    Args:
        path: string [].
        offset: where they begin, int64 [].
        length: how many, int64 [], at least 1.
        total: size of the file, int64 []; another size is an error. Through Python only a file that is too
            short for the part is one: to know more takes a second request.
        by_tensorflow: whether `storage.tensorflow_opens` the file.
    """
    if not by_tensorflow:
        return _through_python(_read_part, [path, offset, length])
    # TensorFlow has no op that reads a part of a file; a dataset of one record is one
    part = tf.data.FixedLengthRecordDataset(
        path,
        record_bytes=length,
        header_bytes=offset,
        footer_bytes=total - offset - length,
        buffer_size=length,
    )
    return part.get_single_element()


def _through_python(read: object, arguments: list[tf.Tensor]) -> tf.Tensor:
    contents = tf.numpy_function(read, arguments, tf.string, stateful=False)
    return tf.ensure_shape(contents, [])


def _read_whole(path: bytes) -> np.ndarray:
    try:
        return np.array(read_whole(os.fsdecode(path)), object)
    except OSError as error:
        raise ValueError(str(error)) from error  # TensorFlow makes an InvalidArgumentError of it


def _read_part(path: bytes, offset: np.int64, length: np.int64) -> np.ndarray:
    name = os.fsdecode(path)
    try:
        return np.array(fsspec_files(name).read_part(name, int(offset), int(length)), object)
    except OSError as error:
        raise ValueError(str(error)) from error
