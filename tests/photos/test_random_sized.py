"""Rectangles of random size: torchvision's ranges, inside the photo, resized as Pillow resizes."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy import stats
from skimage import data

from aesthkeras.photos.inspection import inspect_photos
from aesthkeras.photos.patches import patch_dataset
from aesthkeras.photos.random_sized import random_rectangle, resized_to_square


def rectangles(height: int, width: int, count: int) -> np.ndarray:
    """Top, left, height and width of many draws."""
    shape = tf.constant([height, width])
    seeds = tf.stack([tf.range(count), tf.ones([count], tf.int32)], axis=1)
    drawn = tf.function(lambda: tf.map_fn(lambda seed: tf.stack(random_rectangle(shape, seed)), seeds))()
    return drawn.numpy()


def test_rectangles_lie_inside_and_have_the_areas_and_shapes_of_torchvisions():
    top, left, height, width = rectangles(4000, 4000, 2000).T
    assert min(top.min(), left.min()) >= 0
    assert (top + height).max() <= 4000 and (left + width).max() <= 4000
    # In a square no shape of 3:4 with at most 3/4 of the area fails to fit: there the share is uniform.
    share = height * width / 4000**2
    assert share.min() >= 0.0799 and share.max() <= 1.0001
    small = share[share < 0.7]
    assert stats.kstest(small, "uniform", args=(0.08, 0.62)).pvalue > 0.01
    # Uniform from 3/4 to 4/3, then half of them turned over.
    ratio = (width / height)[share < 0.7]
    assert ratio.min() > 0.749 and ratio.max() < 1.335
    edges = np.linspace(0.75, 4 / 3, 8)
    uniform = np.diff(edges) / (4 / 3 - 3 / 4)
    turned = (1 / edges[:-1] - 1 / edges[1:]) / (4 / 3 - 3 / 4)
    found, _ = np.histogram(ratio, edges)
    expected = len(ratio) * (uniform + turned) / 2
    assert stats.chisquare(found, expected * found.sum() / expected.sum()).pvalue > 0.01
    # Corners are uniform over where there is room.
    room = top[share < 0.7] / (4000 - height)[share < 0.7]
    assert stats.kstest(room, "uniform").pvalue > 0.01


def test_where_none_fits_it_is_the_square_in_the_middle():
    assert (rectangles(32, 3200, 5) == (0, 1584, 32, 32)).all()


@pytest.mark.parametrize("box", [(10, 20, 150, 130), (0, 0, 40, 30)], ids=["shrunk", "enlarged"])
def test_resized_as_pillow_does(box):
    left, top, width, height = box
    cut = data.astronaut()[top : top + height, left : left + width]
    expected = np.asarray(Image.fromarray(cut).resize((96, 96), Image.Resampling.BILINEAR)).astype(int)
    assert np.abs(resized_to_square(cut, 96).numpy() - expected).max() <= 1


def test_a_stream_of_them_follows_from_the_seed_with_and_without_a_cache(tmp_path):
    Image.fromarray(data.chelsea()).save(tmp_path / "cat.png")
    streams = []
    for cache in ("none", "memory"):
        photos = inspect_photos([str(tmp_path / "cat.png")], str(tmp_path), 64, cache, progress=False)
        options = {"edge": 64, "crop": 48, "batch_size": 2, "crops": "random_sized"}
        streams.append([batch["patches"] for batch in patch_dataset(photos, **options).take(4)])
        rest = next(iter(patch_dataset(photos, **options, first_step=3)))
        np.testing.assert_array_equal(rest["patches"], streams[-1][3])
    np.testing.assert_array_equal(*streams)
    assert streams[0][0].shape == (2, 48, 48, 3)
    plain = next(iter(patch_dataset(photos, edge=64, crop=48, batch_size=2)))
    assert (plain["patches"].numpy() != streams[0][0].numpy()).any()
