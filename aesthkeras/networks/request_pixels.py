"""From a request to the pixels the encoder sees, in the graph: decode, resize, crop."""

from __future__ import annotations

import tensorflow as tf

from aesthkeras.decoding.limits import MAX_ASPECT, MAX_PIXELS, MIN_EDGE, require_photo_size
from aesthkeras.photos.views import center_crop, resize_shorter_edge, serving_pixels

# Thousands of photos would fill the memory of a server: conv1 alone takes 1.2 MB a photo at 227 px.
MAX_PHOTOS = 512
EXPECTED_PHOTO = (
    f"expected a whole JPEG, PNG, GIF or BMP file, shorter edge at least {MIN_EDGE} pixels, "
    f"at most {MAX_PIXELS} pixels in all and {MAX_ASPECT} to 1"
)


def decode_request(image_bytes: tf.Tensor, resize_edge: int, crop: int) -> tf.Tensor:
    """Photos of any sizes and formats to one batch of pixels, decoded in parallel.

    Args:
        image_bytes: string ``[N]``, each a JPEG, PNG, GIF or BMP as a file holds it.
        resize_edge: length of the shorter edge after the resize, in pixels.
        crop: edge of the central crop in pixels, at most ``resize_edge``.

    Returns:
        uint8 ``[N, crop, crop, 3]``.

    Raises:
        tf.errors.InvalidArgumentError: when the graph runs, for an empty batch, more than ``MAX_PHOTOS``,
            and photos that cannot be decoded; the message names the index of each, from 0.
    """
    with tf.control_dependencies([_assert_count(image_bytes, "image_bytes")]):
        count = tf.shape(image_bytes, tf.int64)[0]

    @tf.autograph.experimental.do_not_convert
    def decode(index: tf.Tensor, contents: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        name = tf.strings.join(["image ", tf.strings.as_string(index)])
        return index, serving_pixels(contents, resize_edge, crop, name)

    # Only tf.data can catch an error in a graph. It drops the photos that cannot be decoded, and writes the
    # reason to the server's log; which ones are missing is found out below.
    photos = tf.data.Dataset.from_tensor_slices((tf.range(count), image_bytes))
    photos = photos.map(decode, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    photos = photos.ignore_errors(log_warning=True)
    # One more element, so that there is a batch to get even where every photo was dropped.
    blank = tf.data.Dataset.from_tensors((count, tf.zeros([crop, crop, 3], tf.uint8)))
    indices, pixels = photos.concatenate(blank).batch(count + 1).get_single_element()

    is_decoded = tf.scatter_nd(indices[:, tf.newaxis], tf.ones_like(indices), [count + 1])
    missing = tf.where(tf.equal(is_decoded, 0))[:, 0]
    names = tf.strings.reduce_join(tf.strings.as_string(missing), separator=", ")
    message = tf.strings.join(["cannot decode image ", names, f" (counted from 0): {EXPECTED_PHOTO}"])
    with tf.control_dependencies([tf.debugging.Assert(tf.equal(tf.size(missing), 0), [message])]):
        return tf.ensure_shape(pixels[:-1], [None, crop, crop, 3])


def fit_pixels(pixels: tf.Tensor, resize_edge: int, crop: int) -> tf.Tensor:
    """Decoded photos of one size to the encoder's size, as ``decode_request`` does it.

    Args:
        pixels: uint8 ``[N, H, W, 3]``, RGB.
        resize_edge: length of the shorter edge after the resize, in pixels.
        crop: edge of the central crop in pixels, at most ``resize_edge``.

    Returns:
        uint8 ``[N, crop, crop, 3]``.

    Raises:
        tf.errors.InvalidArgumentError: when the graph runs, for an empty batch, more than ``MAX_PHOTOS``,
            and H and W out of the limits that photos have.
    """
    with tf.control_dependencies([_assert_count(pixels, "pixels")]):
        pixels = require_photo_size(tf.shape(pixels, tf.int64)[1:3], "pixels", pixels)
    return tf.map_fn(
        lambda photo: center_crop(resize_shorter_edge(photo, resize_edge), crop),
        tf.ensure_shape(pixels, [None, None, None, 3]),
        fn_output_signature=tf.TensorSpec([crop, crop, 3], tf.uint8),
    )


def _assert_count(values: tf.Tensor, name: str) -> tf.Operation:
    count = tf.shape(values)[0]
    many = tf.strings.join(["holds ", tf.strings.as_string(count), " photos"])
    found = tf.where(count > 0, many, "is empty")
    message = tf.strings.join([name, " ", found, f": expected at least one photo, at most {MAX_PHOTOS}"])
    return tf.debugging.Assert((count > 0) & (count <= MAX_PHOTOS), [message])
