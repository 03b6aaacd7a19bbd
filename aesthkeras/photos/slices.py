"""Photos inside larger files: the tf.data graph reads any of them by file, offset and length."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from aesthkeras.photos.contents import part_of_file
from aesthkeras.storage import tensorflow_opens

Contents = Callable[[tf.Tensor], tf.Tensor]


class PhotoSlices(NamedTuple):
    """Where each photo's bytes lie.

    Attributes:
        files: paths of the files.
        totals: their sizes in bytes, int64 [files].
        file_of: each photo's file, int32 [photos].
        offsets: where it begins there, int64 [photos].
        lengths: its bytes, int64 [photos].
    """

    files: list[str]
    totals: np.ndarray
    file_of: np.ndarray
    offsets: np.ndarray
    lengths: np.ndarray

    def of(self, indices: np.ndarray) -> PhotoSlices:
        """Return the slices in which photo k is this one's photo `indices[k]`."""
        return self._replace(
            file_of=self.file_of[indices], offsets=self.offsets[indices], lengths=self.lengths[indices]
        )

    def contents(self) -> Contents:
        """Return the function from a photo's index, int64 [], to its bytes, string [].

        Reading a file whose size has changed since fails with `tf.errors.InvalidArgumentError`; on a store
        that TensorFlow does not reach itself, a file that is gone or too short does.
        """
        by_tensorflow = all(tensorflow_opens(file) for file in self.files)
        files, totals = tf.constant(self.files), tf.constant(self.totals, tf.int64)
        file_of = tf.constant(self.file_of, tf.int32)
        offsets, lengths = tf.constant(self.offsets, tf.int64), tf.constant(self.lengths, tf.int64)

        def read(photo: tf.Tensor) -> tf.Tensor:
            file, offset, length = file_of[photo], offsets[photo], lengths[photo]
            return part_of_file(files[file], offset, length, totals[file], by_tensorflow)

        return read
