"""The full-size JPEG that cameras put into their raw files, read by `rawpy` where that is installed."""

from __future__ import annotations

import io
import os

import numpy as np
import tensorflow as tf
from PIL import JpegImagePlugin

from aesthkeras.decoding.refusal import RAW, PhotoRefusedError
from aesthkeras.photos.photo_files import FirstLook, look_at
from aesthkeras.photos.skipped import reads_raw_files

READ_AS = "preview of a raw file"
SMALLEST_PREVIEW = 512  # pixels of the shorter edge; some files hold but a thumbnail
MISSING = f"{RAW}; to score the preview in it: pip install 'aesthkeras[photos]'"


def look_with_previews(path: str) -> FirstLook:
    """Return what `look_at` says, but that a raw file is read by its preview, or which extra would do so."""
    look = look_at(path)
    if look.refusal != RAW:
        return look
    return FirstLook(read_as=READ_AS) if reads_raw_files() else FirstLook(MISSING)


def embedded_preview(path: str) -> bytes:
    """Return the full-size JPEG in a raw file; LibRaw notes in it which way up it is.

    Raises:
        PhotoRefusedError: there is none, it is small, or the file is damaged.
    """
    import rawpy

    try:
        with rawpy.imread(path) as raw:
            thumbnail = raw.extract_thumb()
        if thumbnail.format != rawpy.ThumbFormat.JPEG:
            raise PhotoRefusedError("a camera raw file without a JPEG in it: convert it to JPEG, PNG or TIFF")
        jpeg = bytes(thumbnail.data)
        size = JpegImagePlugin.JpegImageFile(io.BytesIO(jpeg)).size
    except (rawpy.LibRawError, OSError, SyntaxError) as error:
        raise PhotoRefusedError("a camera raw file that rawpy does not read, or a damaged one") from error
    if min(size) < SMALLEST_PREVIEW:
        raise PhotoRefusedError(
            f"a camera raw file whose preview is small, {size[0]} x {size[1]} pixels: "
            "convert it to JPEG, PNG or TIFF"
        )
    return jpeg


def preview_refusal(path: str) -> str:
    """Return why the preview of a raw file was refused, in one sentence; it is read once more."""
    try:
        embedded_preview(path)
    except PhotoRefusedError as refusal:
        return str(refusal)
    return "the preview in this camera raw file is damaged"


def whole_preview(path: tf.Tensor) -> tf.Tensor:
    """Return the preview of a raw file, or what another file holds, string [], in a graph.

    Args:
        path: on this machine, string [].
    """
    return tf.ensure_shape(tf.numpy_function(_preview_or_file, [path], tf.string, stateful=False), [])


def _preview_or_file(path: bytes) -> np.ndarray:
    name = os.fsdecode(path)
    try:
        if look_at(name).refusal == RAW:
            return np.array(embedded_preview(name), object)
        with open(name, "rb") as file:
            return np.array(file.read(), object)
    except (OSError, PhotoRefusedError) as error:
        raise ValueError(str(error)) from error  # TensorFlow makes an InvalidArgumentError of it
