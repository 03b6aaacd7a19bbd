"""Bad requests fail with a message that says which photo, and the next request is answered."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.networks.request_pixels import MAX_PHOTOS, decode_request, fit_pixels
from aesthkeras.photos.views import serving_pixels


def spoiled(kind: str, jpeg, png) -> bytes:
    return {
        "empty": b"",
        "text": b"not a photo at all",
        "truncated JPEG": jpeg(120, 200)[:700],
        "truncated PNG": png(120, 200)[:700],
        "damaged PNG": png(120, 200).replace(b"IDAT", b"IDAX"),
        "too small": png(9, 200),
    }[kind]


BAD = ["empty", "text", "truncated JPEG", "truncated PNG", "damaged PNG", "too small"]


@pytest.mark.parametrize("signature", ["features", "degradations"])
@pytest.mark.parametrize("kind", BAD)
def test_bad_photo_is_named_and_the_next_request_works(kind: str, signature: str, loaded, jpeg, png):
    good = jpeg(120, 200)
    answer = loaded.signatures[signature]
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        answer(image_bytes=tf.constant([good, png(99, 99), spoiled(kind, jpeg, png), good]))
    assert "cannot decode image 2 (counted from 0)" in error.value.message
    assert all(len(values) == 2 for values in answer(image_bytes=tf.constant([good, good])).values())


def test_every_bad_photo_is_named(loaded, jpeg):
    good = jpeg(120, 200)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"cannot decode image 0, 2, 12 \(counted"):
        loaded.signatures["features"](image_bytes=tf.constant([b"", good, b"", *9 * [good], b""]))


def test_request_of_bad_photos_alone(loaded):
    with pytest.raises(tf.errors.InvalidArgumentError, match="cannot decode image 0, 1 "):
        loaded.signatures["features"](image_bytes=tf.constant([b"x", b"y"]))


@pytest.mark.parametrize("signature, name", [("features", "image_bytes"), ("pixels", "pixels")])
def test_empty_request(signature: str, name: str, loaded):
    empty = tf.zeros([0, 9, 9, 3], tf.uint8) if name == "pixels" else tf.constant([], tf.string)
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"{name} is empty: expected at least one photo"):
        loaded.signatures[signature](**{name: empty})


def test_request_of_too_many_photos(loaded):
    many = f"pixels holds {MAX_PHOTOS + 1} photos: expected at least one photo, at most {MAX_PHOTOS}"
    with pytest.raises(tf.errors.InvalidArgumentError, match=many):
        loaded.signatures["pixels"](pixels=tf.zeros([MAX_PHOTOS + 1, 16, 16, 3], tf.uint8))


def test_pixels_out_of_the_limits(loaded):
    with pytest.raises(tf.errors.InvalidArgumentError, match="pixels: 200 x 9 pixels, shorter edge under 16"):
        loaded.signatures["pixels"](pixels=tf.zeros([2, 9, 200, 3], tf.uint8))


def test_request_is_decoded_as_training_decodes(jpeg, png):
    photos = [jpeg(120, 200), png(300, 97, 1), png(96, 96, 2)]
    expected = [serving_pixels(tf.constant(photo), 96, 96) for photo in photos]
    np.testing.assert_array_equal(tf.function(decode_request)(tf.constant(photos), 96, 96), expected)


def test_pixels_are_fitted_as_photos_are(png):
    photo = png(130, 170)
    pixels = tf.io.decode_png(photo, channels=3)[tf.newaxis]
    expected = serving_pixels(tf.constant(photo), 110, 96)[tf.newaxis]
    np.testing.assert_array_equal(tf.function(fit_pixels)(pixels, 110, 96), expected)


def test_pixels_of_the_right_size_are_left_alone():
    pixels = np.random.default_rng(0).integers(0, 256, (3, 96, 96, 3), np.uint8)
    np.testing.assert_array_equal(fit_pixels(tf.constant(pixels), 96, 96), pixels)
