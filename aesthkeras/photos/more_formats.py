"""WebP, TIFF and AVIF through tensorflow-io: for the training pipeline, never for an exported graph.

tensorflow-io is loaded by the first decode, so a folder without such files never loads it. Its decoders check
little, so Pillow looks at a file's header first.
"""

from __future__ import annotations

import warnings

import tensorflow as tf
from PIL import Image

from aesthkeras.photos import headers
from aesthkeras.photos.decoding import (
    MAX_ASPECT,
    MAX_PIXELS,
    MIN_EDGE,
    by_orientation,
    decode_photo,
    over_white,
    turn_upright,
)

MORE_FORMATS = ("WebP", "TIFF", "AVIF")

_SIGNATURES = (  # position, first bytes, format
    (8, b"WEBP", "WebP"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (4, b"ftypavif", "AVIF"),
    (4, b"ftypavis", "AVIF sequence"),
    (4, b"ftypheic", "HEIC"),
    (4, b"ftypmif1", "HEIF"),
)
_EXIF_ORIENTATION = 0x0112


def decode_photo_of_more_formats(contents: tf.Tensor, name: str | tf.Tensor = "") -> tf.Tensor:
    """Decode one photo as `decoding.decode_photo` does, WebP, TIFF and AVIF included.

    The first page of a TIFF counts. Pixels of WebP and TIFF are Pillow's; those of AVIF are within 2 levels
    of Pillow's in the mean, and within 18 at edges: chroma is enlarged in another way.

    Args:
        contents: string scalar, a photo for which `refusal` found nothing.
        name: what an error message calls the photo.

    Returns:
        uint8 [height, width, 3].

    Raises:
        tf.errors.InvalidArgumentError: when the graph runs, for damaged data, and as `decode_photo`.
    """
    import tensorflow_io as tfio

    contents = tf.convert_to_tensor(contents, tf.string)

    def webp() -> tf.Tensor:
        return turn_upright(over_white(tfio.image.decode_webp(contents)), headers.webp_exif(contents))

    def tiff() -> tf.Tensor:
        return _turn_tiff(_tiff_over_white(tfio.experimental.image.decode_tiff(contents)), contents)

    def avif() -> tf.Tensor:
        return tfio.experimental.image.decode_avif(contents)

    is_tiff = headers.starts_with(contents, b"II*\0") | headers.starts_with(contents, b"MM\0*")
    photo = tf.case(
        [
            (headers.starts_with(contents, b"WEBP", 8), webp),
            (is_tiff, tiff),
            (headers.starts_with(contents, b"ftypavif", 4), avif),
        ],
        default=lambda: decode_photo(contents, name),
    )
    return tf.ensure_shape(photo, [None, None, 3])


def format_by_signature(path: str) -> str | None:
    """Return the name of a photo format that TensorFlow's core does not decode, by a file's first bytes.

    Raises:
        OSError: the file cannot be read.
    """
    with open(path, "rb") as photo:
        head = photo.read(16)
    for position, signature, name in _SIGNATURES:
        if head[position:].startswith(signature):
            return name
    return None


def refusal(path: str) -> str | None:
    """Return why a file is not for `decode_photo_of_more_formats`, in one sentence, or None.

    Only the header is read, except of a TIFF: libtiff shows gray where data is missing, so Pillow decodes it
    once. What JPEG, PNG, GIF and BMP are refused for is left to `decode_photo`.
    """
    name = format_by_signature(path)
    if name is None:
        return None
    if name not in MORE_FORMATS:
        return f"{name} is not supported"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the same limits are checked below, damage raises
            with Image.open(path) as photo:
                reason = _size_refusal(*photo.size) or _kind_refusal(photo, name)
                if reason is None and name == "TIFF":
                    photo.load()
                return reason
    except Image.DecompressionBombError:
        return f"more than {MAX_PIXELS} pixels in all"
    except (OSError, ValueError, SyntaxError):  # SyntaxError is what Pillow's parsers raise
        return f"the {name} data is damaged or truncated"


def _size_refusal(width: int, height: int) -> str | None:
    size, shorter, longer = f"{width} x {height} pixels", min(width, height), max(width, height)
    if shorter * longer > MAX_PIXELS:
        return f"{size}, more than {MAX_PIXELS} in all"
    if shorter < MIN_EDGE:
        return f"{size}, shorter edge under {MIN_EDGE}"
    return f"{size}, longer than {MAX_ASPECT} to 1" if longer > MAX_ASPECT * shorter else None


def _kind_refusal(photo: Image.Image, name: str) -> str | None:
    """What tensorflow-io's decoder would show wrongly."""
    if name == "WebP" and getattr(photo, "is_animated", False):
        return "an animated WebP is not supported"
    if name == "AVIF" and photo.mode.endswith("A"):
        return "an AVIF with transparency is not supported"
    if name == "AVIF" and photo.getexif().get(_EXIF_ORIENTATION, 1) != 1:
        return "an AVIF with a rotation is not supported"
    return None


def _tiff_over_white(photo: tf.Tensor) -> tf.Tensor:
    # libtiff hands out colour that is already multiplied by alpha
    return photo[..., :3] + (255 - photo[..., 3:])


def _turn_tiff(photo: tf.Tensor, contents: tf.Tensor) -> tf.Tensor:
    """Finish what libtiff leaves undone: it mirrors, but never exchanges rows and columns."""
    orientation = headers.exif_orientation(contents)
    transposes, turns = orientation >= 5, tf.equal(orientation % 2, 0)
    left = tf.where(transposes, tf.where(turns, 7, 5), headers.UPRIGHT)
    return by_orientation(photo, left)
