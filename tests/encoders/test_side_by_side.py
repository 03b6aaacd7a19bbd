"""Encoders side by side: each sees what it would see alone, and answers so."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from skimage import data

from aesthkeras.encoders import build_encoder
from aesthkeras.encoders.float32 import float32_copy
from aesthkeras.encoders.model_json import graph_of, model_of
from aesthkeras.encoders.photo_statistics import photo_statistics
from aesthkeras.encoders.side_by_side import FieldOfView, common_sizes, joined_model, name_alone, parts_of
from aesthkeras.photos.views import center_crop, resize_shorter_edge
from aesthkeras.scoring.folding import fold_batch_normalization
from tests.gpu_kernels import nodes_of, without_gpu_kernel

PHOTO = tf.constant(data.coffee())  # 400 x 600


@pytest.fixture(scope="module")
def encoders() -> list[keras.Model]:
    ours = [build_encoder("alexnet", input_size=size, width=0.125, seed=size) for size in (120, 96)]
    return [*ours, photo_statistics(120)]


@pytest.fixture(scope="module")
def joined(encoders) -> keras.Model:
    return joined_model(encoders, [200, 100, 200], embedding_of=1)


def test_the_greatest_resize_and_the_widest_view_serve_all():
    assert common_sizes([(227, 256)]) == (227, 256)
    assert common_sizes([(120, 160), (96, 113)]) == (136, 160)  # 96 of 113 are 135.9 of 160
    assert common_sizes([(454, 512), (224, 256)]) == (454, 512)


@pytest.mark.parametrize("edge, size", [(448, 224), (137, 96), (300, 299), (200, 64), (90, 90)])
def test_what_each_sees_is_the_middle_shrunk_as_photos_are(edge: int, size: int):
    square = center_crop(PHOTO, 390)
    expected = resize_shorter_edge(center_crop(PHOTO, min(edge, 390)), size)
    seen = FieldOfView(min(edge, 390), size)(square[tf.newaxis])[0].numpy()
    # both round: where a mean ends in a half, its last bit decides
    difference = np.abs(seen - tf.cast(expected, tf.float32))
    assert difference.max() <= 1 and np.mean(difference > 0) < 0.003


def test_a_view_cannot_enlarge():
    with pytest.raises(ValueError, match="size=97: expected 1 to edge=96"):
        FieldOfView(96, 97)


def test_blocks_are_told_apart_and_one_embedding_is_kept(joined):
    numbers = range(1, 6)
    assert list(joined.output) == [
        *(f"conv{number}" for number in numbers),
        *(f"conv{number}.2" for number in numbers),
        *("embedding", "naturalness", "colour"),
    ]
    assert [name_alone(name) for name in ("conv1.2", "conv1", "block1.conv")] == [
        *("conv1", "conv1", "block1.conv"),
    ]


def test_a_joined_model_knows_whose_blocks_are_whose(encoders, joined):
    told = {frozenset(part) for part in parts_of(joined)}
    firsts = frozenset(f"conv{number}" for number in range(1, 6))
    seconds = frozenset([*(f"{name}.2" for name in firsts), "embedding"])
    assert told == {firsts, seconds, frozenset(["naturalness", "colour"])}
    assert [set(part) for part in parts_of(encoders[0])] == [firsts | {"embedding"}]


def test_each_answers_as_it_would_alone(encoders, joined):
    """Of a photo resized and cut for each of them alone; those shrunk twice were rounded twice."""
    shared = center_crop(resize_shorter_edge(PHOTO, 200), 192)[tf.newaxis]
    together = joined(shared)
    first = encoders[0](center_crop(resize_shorter_edge(PHOTO, 200), 120)[tf.newaxis])
    second = encoders[1](center_crop(resize_shorter_edge(PHOTO, 100), 96)[tf.newaxis])
    statistics = encoders[2](center_crop(resize_shorter_edge(PHOTO, 200), 120)[tf.newaxis])
    for name in ("conv1", "conv5"):
        np.testing.assert_allclose(together[name], first[name], rtol=1e-4, atol=1e-5)
        scale = np.abs(second[name]).max()
        np.testing.assert_allclose(together[f"{name}.2"], second[name], atol=0.1 * scale)
        assert np.corrcoef(np.ravel(together[f"{name}.2"]), np.ravel(second[name]))[0, 1] > 0.99
    assert np.corrcoef(np.ravel(together["embedding"]), np.ravel(second["embedding"]))[0, 1] > 0.99
    np.testing.assert_allclose(together["naturalness"], statistics["naturalness"], rtol=1e-3, atol=1e-4)


def test_copies_and_descriptions_answer_alike(joined):
    pixels = center_crop(resize_shorter_edge(PHOTO, 200), 192)[tf.newaxis]
    described = model_of(json.loads(json.dumps(graph_of(joined))))
    described.set_weights(joined.get_weights())
    for copy in (described, float32_copy(joined), fold_batch_normalization(joined)):
        answers = copy(pixels)
        assert list(answers) == list(joined.output)
        for name, output in joined(pixels).items():
            np.testing.assert_allclose(answers[name], output, rtol=1e-3, atol=1e-5, err_msg=name)


def test_all_of_it_runs_on_a_gpu(joined):
    function = tf.function(lambda pixels: joined(pixels), autograph=False)
    concrete = function.get_concrete_function(tf.TensorSpec([None, 192, 192, 3]))
    assert without_gpu_kernel(nodes_of(concrete)) == {}


def test_the_numbers_of_blocks_do_not_collide_with_names():
    """The first has a block called as the second's would be."""
    pixels = keras.Input((64, 64, 3), name="pixels")
    block = keras.layers.Conv2D(2, 3, name="convolution")(pixels)
    odd = keras.Model(pixels, {"a": block, "a.2": block})
    plain = keras.Model(pixels, {"a": block})
    both = joined_model([odd, plain], [64, 64])
    assert list(both.output) == ["a", "a.2", "a.2.2"]
    assert parts_of(both) == [["a", "a.2"], ["a.2.2"]] and parts_of(odd) == [["a", "a.2"]]
