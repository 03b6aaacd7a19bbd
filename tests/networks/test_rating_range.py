"""A rating is inside the range that scorer.json declares, in every form that a scorer takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from aesthkeras.networks import saving
from aesthkeras.networks.export import Export
from aesthkeras.networks.heads import build_network, build_scorer, scorer_of_blocks, scoring_model
from aesthkeras.networks.rating_range import RatingRange
from aesthkeras.networks.saving import export_scorer
from aesthkeras.scoring.network import ScoringNetwork
from aesthkeras.serving.formats.converting import convert


def test_ratings_are_cut_off_at_the_ends_and_are_themselves_between():
    ratings = np.float32([-28.19, 4.3, 4.31, 59.387142, 92.4, 92.44, 1e9])
    cut = RatingRange(4.30814, 92.43195)(ratings).numpy()
    np.testing.assert_array_equal(cut[2:5], ratings[2:5])
    # float32(4.30814) is 4.30813980... and float32(92.43195) is 92.43195343...: both outside
    assert 4.30814 <= float(cut[0]) < 4.308141 and cut[1] == cut[0]
    assert 92.43194 < float(cut[-1]) <= 92.43195 and cut[-2] == cut[-1]


def test_bounds_that_float32_holds_are_reached():
    assert RatingRange(1, 7)(np.float32([0.5, 7.5])).numpy().tolist() == [1, 7]


@pytest.fixture(scope="module")
def pixels(export) -> np.ndarray:
    """From black over noise to white: 24 squares whose ratings are far apart."""
    chance = np.random.default_rng(3)
    level = np.linspace(0, 255, 24)[:, None, None, None]
    noise = chance.normal(0, 60, (24, export.crop, export.crop, 3)) * chance.random((24, 1, 1, 1))
    return np.clip(level + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def scorer():
    network = build_network({"conv5": 512, "embedding": 512}, hidden=[8], outputs=1, seed=3)
    return build_scorer(network, "score", threshold=50, temperature=20, mean=50, deviation=400)


@pytest.fixture(scope="module")
def unbounded(export, scorer, pixels) -> dict[str, np.ndarray]:
    """The trained scorer's own answers, before any export."""
    answer = scoring_model(export.encoder, scorer_of_blocks(scorer, export.encoder))(pixels)
    return {name: answer[name].numpy() for name in ("score", "rating")}


@pytest.fixture(scope="module")
def rating_range(unbounded) -> tuple[float, float]:
    """A third of the ratings are beyond."""
    low, high = np.quantile(unbounded["rating"], [1 / 6, 5 / 6])
    return float(low) + 1e-7, float(high) - 1e-7


@pytest.fixture(scope="module")
def exported(export, scorer, rating_range, tmp_path_factory) -> Path:
    meaning = {"target": "score", "rating_range": list(rating_range)}
    folder = tmp_path_factory.mktemp("savedmodels") / "rated"
    return export_scorer(export.encoder, scorer, folder, resize_edge=export.resize_edge, meaning=meaning)


@pytest.fixture(scope="module")
def exported_by_0_1(export, scorer, rating_range, tmp_path_factory) -> Path:
    """As it was: the range is declared and not kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(saving, "within_range", lambda scorer, rating_range: scorer)
        meaning = {"target": "score", "rating_range": list(rating_range)}
        folder = tmp_path_factory.mktemp("savedmodels") / "rated"
        return export_scorer(export.encoder, scorer, folder, resize_edge=export.resize_edge, meaning=meaning)


def check(answer, unbounded, rating_range, atol=1e-3) -> None:
    """Inside the range, not moved where it was inside, and the score not moved at all."""
    low, high = rating_range
    rating = np.asarray(answer["rating"], np.float64)
    assert low <= rating.min() and rating.max() <= high
    assert (unbounded["rating"] < low).sum() >= 3 and (unbounded["rating"] > high).sum() >= 3
    np.testing.assert_allclose(rating, np.clip(unbounded["rating"], low, high), atol=atol)
    np.testing.assert_allclose(answer["score"], unbounded["score"], atol=1e-5)


def test_the_served_graph_keeps_the_range(exported, unbounded, rating_range, pixels):
    served = tf.saved_model.load(str(exported)).signatures["pixels"]
    at_once = np.pad(pixels, [(0, 0), (7, 7), (7, 7), (0, 0)], "edge")  # the middle square is the crop
    check(served(pixels=tf.constant(at_once)), unbounded, rating_range)


@pytest.mark.parametrize("folder", ["exported", "exported_by_0_1"])
def test_scoring_and_heat_maps_keep_the_range(folder, unbounded, rating_range, pixels, request):
    network = ScoringNetwork(Export.open(request.getfixturevalue(folder)))
    check(network(pixels), unbounded, rating_range)
    check(network(pixels, heat=True), unbounded, rating_range)


@pytest.mark.parametrize("folder", ["exported", "exported_by_0_1"])
def test_tflite_keeps_the_range(folder, unbounded, rating_range, pixels, request, tmp_path):
    opened = Export.open(request.getfixturevalue(folder))
    file = convert(opened, tmp_path / "rated.tflite", "tflite", "float32", "")
    runner = tf.lite.Interpreter(str(file)).get_signature_runner()
    check(runner(pixels=pixels), unbounded, rating_range)


@pytest.mark.long
def test_int8_keeps_the_range(exported, unbounded, rating_range, pixels, tmp_path):
    for place, square in enumerate(pixels):
        framed = np.pad(square, [(7, 7), (7, 7), (0, 0)], "edge")
        Image.fromarray(framed).save(tmp_path / f"{place:02}.png")
    file = convert(Export.open(exported), tmp_path / "rated.tflite", "tflite", "int8", str(tmp_path))
    rating = tf.lite.Interpreter(str(file)).get_signature_runner()(pixels=pixels)["rating"].astype(np.float64)
    low, high = rating_range
    assert low <= rating.min() and rating.max() <= high
    assert rating[unbounded["rating"].argmin()] < low + 0.3 * (high - low)  # it still tells them apart
    assert rating[unbounded["rating"].argmax()] > low + 0.7 * (high - low)


def test_onnx_keeps_the_range(exported, unbounded, rating_range, pixels, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    file = convert(Export.open(exported), tmp_path / "rated.onnx", "onnx", "float32", "")
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    answer = dict(zip(["rating", "score"], session.run(["rating", "score"], {"pixels": pixels})))
    check(answer, unbounded, rating_range)


def test_an_old_export_rebuilt_and_exported_again_keeps_the_range_once(exported_by_0_1, tmp_path):
    opened = Export.open(exported_by_0_1)
    nets = saving.Networks(opened.encoder(), None, opened.scorer(), opened.meaning)
    again = saving.export_networks(nets, tmp_path / "again", opened.resize, None, {}, None, None)
    layers = Export.open(again).scorer().layers
    assert sum(isinstance(layer, RatingRange) for layer in layers) == 1
