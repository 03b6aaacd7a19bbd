"""WebP, TIFF and AVIF through tensorflow-io: for the training pipeline, never for an exported graph.

tensorflow-io is loaded by the first decode, so a folder without such files never loads it.
"""

from __future__ import annotations

import tensorflow as tf

from aesthkeras.photos import headers
from aesthkeras.photos.decoding import by_orientation, decode_photo, over_white, turn_upright


def decode_photo_of_more_formats(contents: tf.Tensor, name: str | tf.Tensor = "") -> tf.Tensor:
    """Decode one photo as `decoding.decode_photo` does, WebP, TIFF and AVIF included.

    The first page of a TIFF counts. Pixels of WebP and TIFF are Pillow's; those of AVIF are within 2 levels
    of Pillow's in the mean, and within 18 at edges: chroma is enlarged in another way.

    Args:
        contents: string scalar, a photo that `photo_files.look_at` does not refuse.
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


def _tiff_over_white(photo: tf.Tensor) -> tf.Tensor:
    # libtiff hands out colour that is already multiplied by alpha
    return photo[..., :3] + (255 - photo[..., 3:])


def _turn_tiff(photo: tf.Tensor, contents: tf.Tensor) -> tf.Tensor:
    """Complete the turn: libtiff mirrors, but does not exchange rows and columns."""
    orientation = headers.exif_orientation(contents)
    transposes, turns = orientation >= 5, tf.equal(orientation % 2, 0)
    left = tf.where(transposes, tf.where(turns, 7, 5), headers.UPRIGHT)
    return by_orientation(photo, left)
