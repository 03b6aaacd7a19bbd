"""Photos inside larger files: the tf.data graph reads any of them by file, offset and length."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

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

        Reading a file whose size has changed since fails with `tf.errors.InvalidArgumentError`.
        """
        files, totals = tf.constant(self.files), tf.constant(self.totals, tf.int64)
        file_of = tf.constant(self.file_of, tf.int32)
        offsets, lengths = tf.constant(self.offsets, tf.int64), tf.constant(self.lengths, tf.int64)

        def read(photo: tf.Tensor) -> tf.Tensor:
            file, offset, length = file_of[photo], offsets[photo], lengths[photo]
            # TensorFlow has no op that reads a part of a file; a dataset of one record is one
            part = tf.data.FixedLengthRecordDataset(
                files[file],
                record_bytes=length,
                header_bytes=offset,
                footer_bytes=totals[file] - offset - length,
                buffer_size=length,
            )
            return part.get_single_element()

        return read
