"""Predicted maps enlarged to photos, and photos in CIE Lab as pictures."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data
from skimage.color import lab2rgb, rgb2lab

from aesthkeras.monitoring.lab_pictures import at_all_pixels, lab_sheet, rgb_of_lab


def test_maps_are_enlarged_in_place():
    maps = np.arange(32.0).reshape(1, 4, 4, 2)
    large = at_all_pixels(maps, centers=np.array([17.0, 33.0, 49.0, 65.0]), edge=96)
    assert large.shape == (1, 96, 96, 2)
    np.testing.assert_allclose(large[:, 17:66:16, 17:66:16], maps)
    np.testing.assert_allclose(large[0, 25, 17], (maps[0, 0, 0] + maps[0, 1, 0]) / 2)
    np.testing.assert_allclose(large[0, 17, 37], 0.75 * maps[0, 0, 1] + 0.25 * maps[0, 0, 2])
    np.testing.assert_allclose(large[0, 0, 95], maps[0, 0, 3])


def test_lab_becomes_the_picture_it_came_from():
    photo = data.astronaut()[40:136, 60:156]
    np.testing.assert_array_equal(rgb_of_lab(rgb2lab(photo)), photo)
    beyond = np.array([[[50.0, 120.0, -120.0]]])
    np.testing.assert_allclose(rgb_of_lab(beyond), np.round(255 * lab2rgb(beyond)), atol=1)


def test_pictures_are_those_of_tensorflow_io():
    tfio = pytest.importorskip("tensorflow_io")
    values = np.linspace(-110, 110, 45)  # most of them lie outside sRGB
    grid = np.stack(np.meshgrid(np.linspace(0, 100, 21), values, values, indexing="ij"), axis=-1)
    lab = grid[np.newaxis, :, :].reshape(1, 21, -1, 3).astype(np.float32)
    theirs = np.round(255 * np.clip(tfio.experimental.color.lab_to_rgb(lab), 0, 1)).astype(int)
    difference = np.abs(rgb_of_lab(lab) - theirs)
    assert difference.max() <= 1
    assert np.mean(difference > 0) < 1e-4  # a value in a million is rounded the other way


def test_a_sheet_has_a_column_for_each_version():
    lab = rgb2lab(np.stack([data.astronaut()[:32, :32]] * 2))
    one, two = lab_sheet({"a": lab}), lab_sheet({"a": lab, "b": lab * (1, 0, 0)})
    assert two.dtype == np.uint8
    assert two.shape[1] == 2 * one.shape[1]
    assert np.ptp(two[:, : one.shape[1]].astype(int), axis=-1).max() > 50
    assert np.ptp(two[:, one.shape[1] + 4 :].astype(int), axis=-1).max() <= 4  # gray
