"""From a file to its decoder: which one a photo needs, or why it is refused.

TensorFlow's core ops decode JPEG, PNG, GIF and BMP; Pillow decodes WebP, TIFF, AVIF and HEIC.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import tensorflow as tf

from aesthkeras.decoding.containers import HEAD_BYTES, format_of, is_core
from aesthkeras.decoding.more_formats import decode_photo_of_more_formats
from aesthkeras.decoding.photo import decode_photo
from aesthkeras.decoding.pillow_photos import check_header
from aesthkeras.decoding.refusal import RAW, PhotoRefusedError
from aesthkeras.photos.skipped import RAW_SUFFIXES

MAX_FILE_BYTES = 2**30  # no photo within the pixel limit is larger; read_file would load whatever it is

_FORMAT_OF_OP = {"image": "GIF"}  # by the op that decodes it; others have their op's name

Decoder = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


class FirstLook(NamedTuple):
    """What a file shows before it is decoded.

    Attributes:
        refusal: why it cannot be decoded, in one sentence; empty where nothing speaks against it.
        more_formats: whether Pillow has to decode it.
        read_as: what is decoded of it where a person should know; empty for most formats.
    """

    refusal: str = ""
    more_formats: bool = False
    read_as: str = ""


@lru_cache(maxsize=2)  # a graph of two thousand nodes, traced once
def photo_decoder(more_formats: bool) -> Decoder:
    """Return the decoder, with or without WebP, TIFF, AVIF and HEIC.

    It takes the bytes of a file and a name for error messages, string scalars, and returns uint8
    [height, width, 3].
    """
    decode = decode_photo_of_more_formats if more_formats else decode_photo
    return tf.function(decode, input_signature=[tf.TensorSpec([], tf.string)] * 2, autograph=False)


def file_size(path: str) -> int:
    """Return the size of a regular file in bytes, or -1 for what cannot be read as one."""
    return file_stamp(path)[0]


def file_stamp(path: str) -> tuple[int, int]:
    """Return `file_size` and the time of the last change in nanoseconds, -1 both for no regular file."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):  # ValueError: a NUL in a list file
        return -1, -1
    return (status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else (-1, -1)


def look_at(path: str) -> FirstLook:
    """Return what is known of a file without decoding it: whether it can be read, its size, its format.

    Of WebP, TIFF, AVIF and HEIC Pillow reads the header. What JPEG, PNG, GIF and BMP are refused for is left
    to their decoder.
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
            head = photo.read(HEAD_BYTES)
            # a raw file is often a TIFF that begins with a small preview; a JPEG of such a name is a JPEG
            if path.lower().endswith(RAW_SUFFIXES) and format_of(head) in ("", "TIFF") and not is_core(head):
                return FirstLook(RAW)
            if not format_of(head):
                return FirstLook()
            photo.seek(0)
            check_header(photo)
    except PhotoRefusedError as refusal:
        return FirstLook(str(refusal), more_formats=True)
    except FileNotFoundError:
        return FirstLook("a link to nothing" if os.path.islink(path) else "no such file")
    except (OSError, ValueError) as error:
        return FirstLook(f"cannot be read: {getattr(error, 'strerror', None) or error}")
    return FirstLook(more_formats=True, read_as="HEIC" if format_of(head) == "HEIC" else "")


def needs_more_formats(path: str) -> bool:
    """Whether a file is a WebP, TIFF, AVIF or HEIC that Pillow may be able to decode."""
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
    node = re.search(r"\{\{node [^}]*(?:decode|extract)_?(jpeg|png|image|bmp)", error.message, re.I)
    if node:
        name = node.group(1).lower()
        return f"the {_FORMAT_OF_OP.get(name, name.upper())} data is damaged or truncated"
    # a reading op's own words, without the node that raised them
    message = error.message.splitlines()[0].removeprefix("ValueError: ")
    words = re.sub(r"\{\{.*?\}\}|\[\[.*?\]\]|\[Op:.*", "", message, flags=re.DOTALL)
    return "the photo cannot be read: " + " ".join(words.split())[:500]
