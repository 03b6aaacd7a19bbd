"""WebP, TIFF, AVIF and HEIC through Pillow: what TensorFlow's core ops do not decode.

Pillow's format classes are called by their names. `Image.open` warns on stderr of photos that are large, and
of formats that this Pillow lacks; here these are refusals. All functions may run in many threads at once.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import logging
import struct
import warnings
from collections.abc import Callable, Iterator
from typing import IO

import numpy as np
import PIL
from PIL import Image, ImageFile, ImageOps, TiffImagePlugin, WebPImagePlugin

from aesthkeras.photos.decoding import MAX_ASPECT, MAX_PIXELS, MIN_EDGE

# `catch_warnings` is not for threads. What these tell is in the refusal, or does not matter for the pixels.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.TiffImagePlugin")
logging.getLogger(TiffImagePlugin.__name__).setLevel(logging.CRITICAL)
with contextlib.suppress(OSError, AttributeError):  # a Pillow whose libtiff is hidden goes on printing errors
    ctypes.CDLL(Image.core.__file__).TIFFSetErrorHandler(ctypes.c_void_p(None))

HEAD_BYTES = 64  # as many bytes of a file tell its format
MEDIA = "a container of another kind"  # MP4, QuickTime, Canon's CR3 and their like

PILLOW_SIGNATURES = (  # position, bytes there, format
    (8, b"WEBP", "WebP"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"II+\0", "TIFF"),  # with offsets of 64 bits
    (0, b"MM\0+", "TIFF"),
    (4, b"ftyp", MEDIA),  # brands follow, which tell what it is
)
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_MODES_NOT_SHOWN = {"F": "floating point", "I": "32 bits or with a sign", "LAB": "CIELab colours"}
_UNKNOWN_KIND = ("unknown pixel mode", "samples per pixel", "unsupported", "not support", "no codec")
_DAMAGED_EXIF = (OSError, SyntaxError, ValueError, LookupError, TypeError, AttributeError, struct.error)

Opener = Callable[[IO[bytes]], ImageFile.ImageFile]


class PhotoRefusedError(Exception):
    """Why a photo is not decoded, in one sentence."""


def format_of(head: bytes) -> str:
    """Return the format of a file from its first `HEAD_BYTES` bytes.

    Returns:
        `WebP`, `TIFF`, `AVIF`, `HEIC`, or `MEDIA`; empty for what may be decoded by `decoding.decode_photo`.
    """
    found = (name for position, signature, name in PILLOW_SIGNATURES if head[position:].startswith(signature))
    name = next(found, "")
    if name != MEDIA:
        return name
    end = min(int.from_bytes(head[:4], "big"), len(head))
    # the main brand, four bytes of a version, and the brands that the file agrees with
    brands = {head[8:12], *(head[place : place + 4] for place in range(16, end, 4))}
    if brands & _AVIF_BRANDS:
        return "AVIF"
    return "HEIC" if brands & _HEIC_BRANDS else MEDIA


def check_header(file: IO[bytes]) -> None:
    """Read the header of a photo; no pixel is unpacked.

    Args:
        file: at its start, of a format that `format_of` names.

    Raises:
        PhotoRefusedError: it is damaged, of a kind that is not shown, or its size is out of the limits.
    """
    with _opened(file):
        pass


def decode_with_pillow(contents: bytes) -> np.ndarray:
    """Decode the first page or frame of a photo: upright, over white.

    Args:
        contents: a file of a format that `format_of` names.

    Returns:
        uint8 [height, width, 3]. Of more than 8 bits the upper 8 are kept.

    Raises:
        PhotoRefusedError: as `check_header`, and for damaged or missing pixels.
    """
    with _opened(io.BytesIO(contents)) as photo:
        photo.load()
        shown: Image.Image = _upper_bits(photo) if photo.mode.startswith("I;16") else photo
        with contextlib.suppress(*_DAMAGED_EXIF):  # it turns nothing, as in a JPEG
            ImageOps.exif_transpose(shown, in_place=True)
        return np.asarray(_over_white(shown))


@contextlib.contextmanager
def _opened(file: IO[bytes]) -> Iterator[ImageFile.ImageFile]:
    """The photo after the checks of its header; what is raised inside comes out as `PhotoRefusedError`."""
    head = file.read(HEAD_BYTES)
    file.seek(0)
    name = format_of(head)
    try:
        with _opener(name, head)(file) as photo:
            refusal = _refusal_of_size(*photo.size)
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
        said = " ".join(str(error).split())[:200]
        if any(words in said.lower() for words in _UNKNOWN_KIND):
            raise PhotoRefusedError(f"a {name} of a kind that Pillow does not decode: {said}") from error
        raise PhotoRefusedError(f"the {name} data is damaged or truncated") from error


def _opener(name: str, head: bytes) -> Opener:
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
    if name == "HEIC":
        return _heic_opener()
    brand = head[8:12].decode("ascii", "replace").strip()
    raise PhotoRefusedError(f"{MEDIA} (brand {brand}), not a photo that can be decoded")


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


def _refusal_of_size(width: int, height: int) -> str:
    size, shorter, longer = f"{width} x {height} pixels", min(width, height), max(width, height)
    if shorter * longer > MAX_PIXELS:
        return f"{size}, more than {MAX_PIXELS} in all"
    if shorter < MIN_EDGE:
        return f"{size}, shorter edge under {MIN_EDGE}"
    return f"{size}, longer than {MAX_ASPECT} to 1" if longer > MAX_ASPECT * shorter else ""


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
