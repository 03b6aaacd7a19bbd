from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from aesthkeras.culling.perceptual import NEAR_BITS, THUMBNAIL, differing_bits, perceptual_hashes

NAMES = ("astronaut", "chelsea", "coffee", "rocket", "china", "flower", "motorcycle_left", "retina", "hubble")


def hashes(images: list[Image.Image]) -> np.ndarray:
    small = [np.asarray(image.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)) for image in images]
    return perceptual_hashes(np.stack(small))


def encoded(image: Image.Image, format_name: str, quality: int) -> Image.Image:
    out = io.BytesIO()
    image.save(out, format_name, quality=quality)
    return Image.open(out).convert("RGB")


@pytest.mark.parametrize(
    "change",
    [
        lambda image: encoded(image, "JPEG", 40),
        lambda image: encoded(image, "WEBP", 50),
        lambda image: image.resize((image.width // 2, image.height // 2), Image.Resampling.BICUBIC),
        lambda image: image.resize((image.width * 2, image.height * 2), Image.Resampling.BILINEAR),
        lambda image: ImageEnhance.Brightness(image).enhance(1.05),
    ],
    ids=["jpeg", "webp", "smaller", "larger", "brighter"],
)
def test_copies_are_near(change, sample):
    images = [sample(name) for name in NAMES]
    assert differing_bits(hashes(images), hashes([change(image) for image in images])).max() <= NEAR_BITS


def test_different_photos_and_mirrored_ones_are_far(sample):
    images = [sample(name) for name in NAMES]
    images += [image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) for image in images]
    found = hashes(images)
    first, second = np.triu_indices(len(found), 1)
    assert differing_bits(found[first], found[second]).min() > 2 * NEAR_BITS


def test_a_photo_of_one_colour_has_no_bits():
    assert hashes([Image.new("RGB", (50, 40), (200, 30, 60))]) == [0]


def test_differing_bits_are_counted_as_python_counts_them():
    first, second = np.random.default_rng(0).integers(0, 2**64, (2, 500), np.uint64)
    first[0], second[0] = 0, 2**64 - 1
    expected = [bin(int(a) ^ int(b)).count("1") for a, b in zip(first, second)]
    np.testing.assert_array_equal(differing_bits(first, second), expected)
