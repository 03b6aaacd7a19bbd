"""WebP, TIFF, AVIF and HEIC through Pillow: what TensorFlow's core ops do not decode.

Pillow's format classes are called by their names. `Image.open` warns on stderr of photos that are large, and
of formats that this Pillow lacks; here these are refusals. All functions may run in many threads at once.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import logging
import re
import struct
import warnings
from collections.abc import Callable, Iterator
from typing import IO

import numpy as np
import PIL
from PIL import Image, ImageFile, ImageOps, TiffImagePlugin, WebPImagePlugin

from aesthkeras.decoding.containers import check_container
from aesthkeras.decoding.limits import size_refusal
from aesthkeras.decoding.orientation import EXIF_ORIENTATION
from aesthkeras.decoding.refusal import PhotoRefusedError

# `catch_warnings` is not for threads. What these tell is in the refusal, or does not matter for the pixels.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.TiffImagePlugin")
logging.getLogger(TiffImagePlugin.__name__).setLevel(logging.CRITICAL)
with contextlib.suppress(OSError, AttributeError):  # a Pillow whose libtiff is hidden goes on printing errors
    ctypes.CDLL(Image.core.__file__).TIFFSetErrorHandler(ctypes.c_void_p(None))

_MODES_NOT_SHOWN = {"F": "floating point", "I": "32 bits or with a sign", "LAB": "CIELab colours"}
_UNKNOWN_KIND = ("unknown pixel mode", "samples per pixel", "unsupported", "not support", "no codec")
_DAMAGED_EXIF = (OSError, SyntaxError, ValueError, LookupError, TypeError, AttributeError, struct.error)

Opener = Callable[[IO[bytes]], ImageFile.ImageFile]


def check_header(file: IO[bytes]) -> None:
    """Read the header of a photo; no pixel is unpacked.

    Args:
        file: at its start, of a format that `containers.format_of` names.

    Raises:
        PhotoRefusedError: it is damaged, of a kind that is not shown, or its size is out of the limits.
    """
    with _opened(file):
        pass


def blocks_with_pillow(file: IO[bytes]) -> tuple[bytes, bytes]:
    """Return the EXIF and the XMP block of a photo, empty where it has none; no pixel is unpacked.

    Args:
        file: as for `check_header`.

    Raises:
        PhotoRefusedError: as `check_header`.
    """
    with _opened(file) as photo:
        return photo.info.get("exif") or b"", photo.info.get("xmp") or b""


def decode_with_pillow(contents: bytes) -> np.ndarray:
    """Decode the first page or frame of a photo: upright, over white.

    Args:
        contents: a file of a format that `containers.format_of` names.

    Returns:
        uint8 [height, width, 3]. Of more than 8 bits the upper 8 are kept.

    Raises:
        PhotoRefusedError: as `check_header`, and for damaged or missing pixels.
    """
    with _opened(io.BytesIO(contents)) as photo:
        photo.load()
        shown: Image.Image = _upper_bits(photo) if photo.mode.startswith("I;16") else photo
        with contextlib.suppress(*_DAMAGED_EXIF):  # it turns nothing, as in a JPEG
            exif, xmp = shown.getexif(), photo.info.get("xmp") or b""
            in_xmp = re.search(rb'tiff:Orientation(?:="|>)([0-9])', xmp)
            if in_xmp and EXIF_ORIENTATION not in exif:  # a Pillow before 11 does not look there
                exif[EXIF_ORIENTATION] = int(in_xmp[1])
            ImageOps.exif_transpose(shown, in_place=True)
        return np.asarray(_over_white(shown))


@contextlib.contextmanager
def _opened(file: IO[bytes]) -> Iterator[ImageFile.ImageFile]:
    """The photo after the checks of its header; what is raised inside comes out as `PhotoRefusedError`."""
    name = check_container(file)
    try:
        with _opener(name)(file) as photo:
            refusal = size_refusal(*photo.size)
            if not refusal and photo.mode in _MODES_NOT_SHOWN:
                refusal = f"a {name} of {_MODES_NOT_SHOWN[photo.mode]} is not supported"
            if refusal:
                raise PhotoRefusedError(refusal)
            yield photo
    except PhotoRefusedError:
        raise
    except MemoryError as error:
        raise PhotoRefusedError("the memory does not suffice to decode it") from error
    except Exception as error:  # of a damaged file Pillow's parsers raise errors of nearly every kind
        said = "" if isinstance(error, TypeError) else " ".join(str(error).split())[:200]
        if any(words in said.lower() for words in _UNKNOWN_KIND):
            raise PhotoRefusedError(f"a {name} of a kind that Pillow does not decode: {said}") from error
        raise PhotoRefusedError(f"the {name} data is damaged or truncated") from error


def _opener(name: str) -> Opener:
    if name == "TIFF":
        return TiffImagePlugin.TiffImageFile
    if name == "WebP":
        if not WebPImagePlugin.SUPPORTED:
            raise PhotoRefusedError(
                f"WebP needs a Pillow that was built with it; this one, {PIL.__version__}, was not"
            )
        return WebPImagePlugin.WebPImageFile
    if name == "AVIF":
        return _avif_opener()
    return _heic_opener()


def _avif_opener() -> Opener:
    try:
        from PIL import AvifImagePlugin
    except ImportError:
        supported = False
    else:
        supported = AvifImagePlugin.SUPPORTED
    if not supported:
        raise PhotoRefusedError(
            f"AVIF needs Pillow 11.3 or newer, built with it; this one is {PIL.__version__}"
        )
    return AvifImagePlugin.AvifImageFile


def _heic_opener() -> Opener:
    try:
        from pillow_heif import HeifImageFile
    except ImportError as error:
        raise PhotoRefusedError("HEIC needs one more package: pip install 'aesthkeras[heic]'") from error
    opener: Opener = HeifImageFile
    return opener


def _upper_bits(photo: ImageFile.ImageFile) -> Image.Image:
    """Gray of 12 or 16 bits -> gray of 8. Pillow does not turn white and black where zero means white."""
    values, bits, zero_is_white = np.asarray(photo), 16, False
    if isinstance(photo, TiffImagePlugin.TiffImageFile):
        bits = photo.tag_v2[TiffImagePlugin.BITSPERSAMPLE][0]
        zero_is_white = photo.tag_v2.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == 0
    upper = (values >> (bits - 8)).astype(np.uint8)
    return Image.fromarray(255 - upper if zero_is_white else upper)


def _over_white(photo: Image.Image) -> Image.Image:
    """Any mode -> RGB; what is transparent over white, rounded to nearest."""
    if not photo.has_transparency_data:
        return photo.convert("RGB")
    photo = photo.convert("RGBA")
    ground = Image.new("RGB", photo.size, "white")
    ground.paste(photo, mask=photo)
    return ground
