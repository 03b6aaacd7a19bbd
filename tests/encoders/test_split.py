"""Lightness and colour apart: each half is an AlexNet on its part of Lab and on nothing else."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from skimage import color, data

from aesthkeras.encoders import BLOCK_NAMES, LabStandardization, build_encoder
from aesthkeras.encoders.keras_graph import every_layer
from aesthkeras.finding.find import find_encoder

PHOTO = data.astronaut()[100:196, 150:246]


def split() -> keras.Model:
    return build_encoder("alexnet_lab", input_size=96, width=0.25)


def test_a_change_of_colour_alone_moves_the_second_half_only():
    """The colours of a pale copy of the photo are turned about the gray axis, by scikit-image."""
    lab = color.rgb2lab(PHOTO)
    pale, turned = np.stack([lab[..., 0], 0.3 * lab[..., 1], 0.3 * lab[..., 2]], -1), lab.copy()
    turned[..., 1:] = 0.3 * np.stack([-lab[..., 2], lab[..., 1]], -1)
    photos = np.stack([color.lab2rgb(pale), color.lab2rgb(turned)]).astype(np.float32) * 255
    for name, block in split()(photos).items():
        if name in BLOCK_NAMES:
            lightness, colour = np.split(block.numpy(), 2, axis=-1)
            scale = np.abs(block).mean()
            assert np.abs(lightness[0] - lightness[1]).mean() < 0.02 * scale, name
            assert np.abs(colour[0] - colour[1]).mean() > 0.1 * scale, name


def test_each_half_is_an_alexnet_of_half_the_width():
    model = split()
    for place, channels in enumerate(("L", "ab")):
        half = build_encoder(
            "alexnet", input_size=96, width=0.125, preprocessing=LabStandardization(channels)
        )
        half.set_weights(model.get_layer(f"sees_{channels}").get_weights())
        for name, block in half(PHOTO[np.newaxis]).items():
            whole = np.split(model(PHOTO[np.newaxis])[name].numpy(), 2, axis=-1)
            np.testing.assert_allclose(whole[place], block, rtol=1e-5, atol=1e-6)


@pytest.mark.long
def test_a_random_one_is_calibrated_in_both_halves():
    found = find_encoder("random:alexnet_lab?width=0.25&crop=96&resize=104")
    parts = [part for part in every_layer(found.model) if isinstance(part, keras.layers.BatchNormalization)]
    assert len(parts) == 12  # five blocks and the embedding, twice
    assert all(not np.allclose(part.moving_variance, 1) for part in parts)
    values = found.model(tf.constant(PHOTO[np.newaxis]))
    assert all(0.001 < float(tf.reduce_mean(values[name])) < 10 for name in BLOCK_NAMES)


def test_there_is_no_other_preprocessing():
    with pytest.raises(ValueError, match="expected None, each half has its own"):
        build_encoder("alexnet_lab", input_size=96, preprocessing=LabStandardization("L"))
