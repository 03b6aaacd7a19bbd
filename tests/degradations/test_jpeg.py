"""Both forms against Pillow's libjpeg."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from aesthkeras.degradations import JPEGCompression


def through_pillow(photo: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    return np.asarray(Image.open(file))


@pytest.mark.parametrize("quality", [60, 10])
def test_codec_is_pillows_libjpeg_to_a_level(photos, quality):
    ours = JPEGCompression(quality)(photos).numpy().astype(int)
    theirs = np.stack([through_pillow(photo, quality) for photo in photos])
    assert np.abs(ours - theirs).max() <= 1


# The batched form rounds where libjpeg does, so it is far closer than the 38 and 33 dB that training needs;
# what is left are coefficients halfway between two steps, which weigh more in a small image.
@pytest.mark.parametrize(("quality", "mean", "least"), [(60, 48, 43), (10, 46, 40), (95, 48, 46)])
@pytest.mark.parametrize("edges", [(227, 227), (131, 131), (33, 47), (64, 50)])
def test_batched_form_agrees_with_pillow(photos, quality, mean, least, edges):
    cut = np.ascontiguousarray(photos[:, 60 : 60 + edges[0], 60 : 60 + edges[1]][:, :227, :227])
    ours = JPEGCompression(quality, form="dct")(cut).numpy()
    theirs = np.stack([through_pillow(photo, quality) for photo in cut])
    errors = ((ours.astype(np.float64) - theirs) ** 2).mean(axis=(1, 2, 3))
    ratios = 10 * np.log10(255**2 / np.maximum(errors, 1e-3))
    assert ratios.mean() >= mean
    assert ratios.min() >= least


@pytest.mark.parametrize("form", ["codec", "dct"])
def test_float_images_are_the_8_bit_ones_over_255(photos, images, form):
    levels = JPEGCompression(60, form)(photos).numpy()
    ours = JPEGCompression(60, form, value_range=(0, 1))(images)
    np.testing.assert_allclose(ours, levels / 255, atol=1e-6)


@pytest.mark.parametrize("form", ["codec", "dct"])
def test_floats_are_rounded_to_8_bits_and_clipped_first(photos, form):
    compress = JPEGCompression(60, form)
    levels = compress(photos[:1]).numpy()
    np.testing.assert_array_equal(compress(photos[:1] + np.float32(0.49)), levels)
    np.testing.assert_array_equal(compress(np.full([32, 32, 3], 300, np.float32)), 255)
    np.testing.assert_array_equal(compress(np.full([32, 32, 3], -9, np.float32)), 0)


def test_wrong_values():
    for quality in (0, 101, 59.5):
        with pytest.raises(ValueError, match=f"^quality={quality}: expected an integer from 1 to 100"):
            JPEGCompression(quality)
    with pytest.raises(ValueError, match="^form=webp: expected codec or dct"):
        JPEGCompression(60, form="webp")
