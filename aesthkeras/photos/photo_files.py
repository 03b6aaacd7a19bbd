"""From a file to its decoder: which one a photo needs, or why it is refused.

TensorFlow's core ops decode JPEG, PNG, GIF and BMP, tensorflow-io decodes WebP, TIFF and AVIF. tensorflow-io
is loaded by the first such photo only. Its decoders check little, so Pillow looks at a file's header first.
"""

from __future__ import annotations

import os
import re
import stat
import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import tensorflow as tf
from PIL import Image

from aesthkeras.photos.decoding import MAX_ASPECT, MAX_PIXELS, MIN_EDGE, decode_photo
from aesthkeras.photos.more_formats import decode_photo_of_more_formats

MAX_FILE_BYTES = 2**30  # no photo within the pixel limit is larger; read_file would load whatever it is
MORE_FORMATS = ("WebP", "TIFF", "AVIF")

_SIGNATURES = (  # of the formats that TensorFlow's core does not decode: position, bytes there, name
    (8, b"WEBP", "WebP"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (4, b"ftypavif", "AVIF"),
    (4, b"ftypavis", "AVIF sequence"),
    (4, b"ftypheic", "HEIC"),
    (4, b"ftypmif1", "HEIF"),
)
_EXIF_ORIENTATION = 0x0112
_FORMAT_OF_OP = {"image": "GIF", "webp": "WebP"}  # by the op that decodes it; others have their op's name

Decoder = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


class FirstLook(NamedTuple):
    """What a file shows before it is decoded.

    Attributes:
        refusal: why it cannot be decoded, in one sentence; empty where nothing speaks against it.
        more_formats: whether tensorflow-io has to decode it.
    """

    refusal: str = ""
    more_formats: bool = False


@lru_cache(maxsize=2)  # a graph of two thousand nodes, traced once
def photo_decoder(more_formats: bool) -> Decoder:
    """Return the decoder, with or without WebP, TIFF and AVIF.

    It takes the bytes of a file and a name for error messages, string scalars, and returns uint8
    [height, width, 3].
    """
    decode = decode_photo_of_more_formats if more_formats else decode_photo
    return tf.function(decode, input_signature=[tf.TensorSpec([], tf.string)] * 2, autograph=False)


def file_size(path: str) -> int:
    """Return the size of a regular file in bytes, or -1 for what cannot be read as one."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):  # ValueError: a NUL in a list file
        return -1
    return status.st_size if stat.S_ISREG(status.st_mode) else -1


def look_at(path: str) -> FirstLook:
    """Return what is known of a file without decoding it: whether it can be read, its size, its format.

    Of WebP, TIFF and AVIF Pillow reads the header. A TIFF it decodes once, because libtiff shows gray where
    data is missing. What JPEG, PNG, GIF and BMP are refused for is left to their decoder.
    """
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            return FirstLook("a folder, not a file")
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
            return FirstLook("a pipe, socket or device, not a file")
        if status.st_size == 0:
            return FirstLook("the file is empty")
        if status.st_size > MAX_FILE_BYTES:
            return FirstLook(f"the file has {status.st_size} bytes, more than the limit of {MAX_FILE_BYTES}")
        with open(path, "rb") as photo:
            head = photo.read(16)
    except FileNotFoundError:
        return FirstLook("a link to nothing" if os.path.islink(path) else "no such file")
    except (OSError, ValueError) as error:
        return FirstLook(f"cannot be read: {getattr(error, 'strerror', None) or error}")
    for position, signature, name in _SIGNATURES:
        if head[position:].startswith(signature):
            return FirstLook(_refusal_of_format(path, name), more_formats=True)
    return FirstLook()


def needs_more_formats(path: str) -> bool:
    """Whether a file is a WebP, TIFF or AVIF that tensorflow-io may be able to decode."""
    look = look_at(path)
    return look.more_formats and not look.refusal


def refusal_reason(path: str) -> str:
    """Return why a photo was refused, in one sentence; it is decoded once more, alone."""
    look = look_at(path)
    if look.refusal:
        return look.refusal
    try:
        photo_decoder(look.more_formats)(tf.io.read_file(os.fsencode(path)), tf.constant(""))
    except tf.errors.OpError as error:
        return decoding_error(error)
    return "could not be read at the first attempt"


def decoding_error(error: tf.errors.OpError) -> str:
    """Return one sentence for what a decoding op raised: the check's own text, or which format is damaged."""
    check = re.search(r"assertion failed: \[(.*?)\]\s*\[\[", error.message, re.DOTALL)
    if check:
        return " ".join(check.group(1).split())
    node = re.search(
        r"\{\{node [^}]*(?:decode|extract)_?(jpeg|png|image|bmp|webp|tiff|avif)", error.message, re.I
    )
    if node:
        name = node.group(1).lower()
        return f"the {_FORMAT_OF_OP.get(name, name.upper())} data is damaged or truncated"
    # a reading op's own words, without the node that raised them
    message = error.message.splitlines()[0].removeprefix("ValueError: ")
    words = re.sub(r"\{\{.*?\}\}|\[\[.*?\]\]|\[Op:.*", "", message, flags=re.DOTALL)
    return "the photo cannot be read: " + " ".join(words.split())[:500]


def _refusal_of_format(path: str, name: str) -> str:
    """Why a file of the format `name` is not for tensorflow-io; empty where nothing speaks against it."""
    if name not in MORE_FORMATS:
        return f"{name} is not supported"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the same limits are checked below, damage raises
            with Image.open(path) as photo:
                reason = _refusal_of_size(*photo.size) or _refusal_of_kind(photo, name)
                if not reason and name == "TIFF":
                    photo.load()
                return reason
    except Image.DecompressionBombError:
        return f"more than {MAX_PIXELS} pixels in all"
    except (OSError, ValueError, SyntaxError):  # SyntaxError is what Pillow's parsers raise
        return f"the {name} data is damaged or truncated"


def _refusal_of_size(width: int, height: int) -> str:
    size, shorter, longer = f"{width} x {height} pixels", min(width, height), max(width, height)
    if shorter * longer > MAX_PIXELS:
        return f"{size}, more than {MAX_PIXELS} in all"
    if shorter < MIN_EDGE:
        return f"{size}, shorter edge under {MIN_EDGE}"
    return f"{size}, longer than {MAX_ASPECT} to 1" if longer > MAX_ASPECT * shorter else ""


def _refusal_of_kind(photo: Image.Image, name: str) -> str:
    """Kinds that tensorflow-io's decoder would show wrongly."""
    if name == "WebP" and getattr(photo, "is_animated", False):
        return "an animated WebP is not supported"
    if name == "AVIF" and photo.mode.endswith("A"):
        return "an AVIF with transparency is not supported"
    if name == "AVIF" and photo.getexif().get(_EXIF_ORIENTATION, 1) != 1:
        return "an AVIF with a rotation is not supported"
    return ""
