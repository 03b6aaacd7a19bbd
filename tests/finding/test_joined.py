"""`--encoder=A,B`: which texts are several encoders, and what comes of them."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from skimage import data

from aesthkeras.encoders import build_encoder
from aesthkeras.encoders.operations import unservable_operations
from aesthkeras.errors import UsageError
from aesthkeras.finding.find import find_encoder
from aesthkeras.networks.export import Export
from aesthkeras.networks.heads import build_network, build_scorer
from aesthkeras.networks.model_card import _is_untrained
from aesthkeras.networks.pooling import describe, pool_blocks
from aesthkeras.networks.saving import export_encoder, export_scorer
from aesthkeras.networks.spec import split_specs
from aesthkeras.photos.sources import sample_photos
from aesthkeras.photos.views import serving_pixels
from aesthkeras.scoring.heat_map import contributions
from aesthkeras.serving.formats.converting import convert
from tests.exports import CLASS_NAMES, Exported
from tests.networks.test_parity import onnx, tflite

PHOTO = data.astronaut()[:104, 100:204]


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> str:
    """An export of 120 px without a head."""
    encoder = build_encoder("alexnet", input_size=120, width=0.125, seed=7)
    return str(export_encoder(encoder, tmp_path_factory.mktemp("models") / "plain", resize_edge=128).parent)


@pytest.fixture(scope="module")
def joined(export: Exported, plain: str):
    return find_encoder(f"{plain},{export.path.parent},statistics")


@pytest.mark.parametrize(
    "text, parts",
    [
        ("a", ["a"]),
        ("runs/a,b", ["runs/a", "b"]),
        ("keras:A?blocks=a,b", ["keras:A?blocks=a,b"]),
        ("keras:A?blocks=a,b&crop=96,runs/c", ["keras:A?blocks=a,b&crop=96", "runs/c"]),
        ("keras:A?blocks=a,b,keras:B?blocks=c,d", ["keras:A?blocks=a,b", "keras:B?blocks=c,d"]),
        ("f.keras?blocks=a,b,statistics", ["f.keras?blocks=a,b", "statistics"]),
        ("statistics?crop=96,keras:A?crop=64&blocks=a", ["statistics?crop=96", "keras:A?crop=64&blocks=a"]),
        ("a,", ["a", ""]),
    ],
)
def test_commas_between_encoders_and_commas_between_blocks(text: str, parts: list[str]):
    assert [spec.text for spec in split_specs(text)] == parts


def test_three_encoders_are_one(joined, plain, export):
    blocks = [f"conv{number}" for number in range(1, 6)]
    assert joined.blocks == [*blocks, *(f"{name}.2" for name in blocks), "naturalness", "colour"]
    # 96 of 110 are 111.7 of 128, less than the other's 120
    assert (joined.crop, joined.resize, joined.name) == (120, 128, "plain + tiny + statistics")
    head, names = joined.degradations  # the second's; so the embedding is the second's, too
    assert names == CLASS_NAMES
    assert head(joined.model(np.zeros((1, 120, 120, 3)))["embedding"])["logits"].shape == (1, 22)
    assert not joined.model.trainable_weights


def test_fingerprints_depend_on_the_parts_and_their_order(joined, plain, export):
    tiny = str(export.path.parent)
    texts = [f"{plain},{tiny}", f"{tiny},{plain}", f"{plain},statistics", "statistics", "statistics?crop=96"]
    prints = {find_encoder(text).fingerprint for text in texts}
    assert len(prints | {joined.fingerprint}) == 6
    assert find_encoder(f"{plain},{tiny},statistics").fingerprint == joined.fingerprint


def test_statistics_are_those_of_the_square_that_the_others_share(plain):
    """Alone they have the sizes of most networks, with tiles larger ones; beside others they have theirs."""
    sizes = {
        text: find_encoder(text, tiles=tiles)[1:3]
        for text, tiles in [("statistics", 0), ("statistics?crop=64", 0), (f"statistics,{plain}", 0)]
    }
    assert list(sizes.values()) == [(224, 256), (64, 73), (120, 128)]
    tiled = find_encoder(f"{plain},statistics", tiles=2)
    assert (tiled.crop, tiled.resize, tiled.name) == (240, 256, "plain, 2 x 2 tiles + statistics")
    assert tiled.model.output["naturalness"].shape == (None, 1, 1, 36)
    assert find_encoder("statistics", tiles=2)[1:3] == (448, 512)


@pytest.mark.parametrize(
    "spec, words",
    [
        ("statistics,", "^encoder=: expected a SavedModel folder"),
        ("statistics,nowhere", "^encoder=nowhere: expected"),
        ("statistics?size=3", "^encoder=statistics.size=3: expected crop, resize"),
        ("statistics?crop=16", "a crop from 32 pixels"),
        ("statistics:a", "^encoder=statistics:a: expected a SavedModel folder"),
    ],
)
def test_what_is_no_encoder_among_them_is_named(spec, words):
    with pytest.raises(UsageError, match=words):
        find_encoder(spec)


@pytest.mark.parametrize("pooling", ["vissl", "deepcluster", "max", "zhang", "statistics"])
def test_statistics_go_to_heads_as_they_are(pooling):
    outputs = find_encoder("statistics?crop=96").model(PHOTO[np.newaxis, :96, :96])
    for name, values in pool_blocks(outputs, pooling).items():
        np.testing.assert_allclose(values, outputs[name][:, 0, 0], rtol=1e-6)


def test_a_second_encoders_blocks_are_pooled_as_they_are_alone(joined, export):
    found = find_encoder(str(export.path.parent))
    alone, together = (describe(one.model(np.zeros((1, one.crop, one.crop, 3)))) for one in (found, joined))
    for number in range(1, 6):
        assert alone[f"conv{number}"].shape == together[f"conv{number}.2"].shape


def test_a_card_calls_untrained_what_holds_nothing_trained():
    drawn = ["random:alexnet", "statistics,random:alexnet", "random:alexnet,keras:A?weights=none&blocks=a,b"]
    assert [_is_untrained(spec) for spec in drawn] == [True] * 3
    assert [_is_untrained(spec) for spec in ("a,random:alexnet", "statistics", "")] == [False] * 3


@pytest.fixture(scope="module")
def exported_scorer(joined, tmp_path_factory):
    """A scorer of blocks of all three and of the embedding."""
    read = ("conv5", "conv5.2", "embedding", "naturalness", "colour")
    outputs = joined.model(np.zeros((1, 120, 120, 3)))
    values = describe({name: outputs[name] for name in read}, "statistics")
    network = build_network({name: part.shape[1] for name, part in values.items()}, [8], 1, seed=1)
    scorer = build_scorer(network, "score", threshold=0.0, mean=0.0, deviation=1.0)
    head, names = joined.degradations
    return export_scorer(
        joined.model,
        scorer,
        tmp_path_factory.mktemp("savedmodels") / "joined",
        resize_edge=joined.resize,
        meaning={"target": "score", "threshold": 0.0},
        pooling="statistics",
        head=head,
        class_names=names,
    )


@pytest.mark.long
def test_a_scorer_of_several_is_served_read_and_converted(joined, exported_scorer, tmp_path):
    assert not unservable_operations(exported_scorer)
    opened = Export.open(exported_scorer)
    paths = sample_photos()[:4]
    pixels = np.stack([serving_pixels(tf.io.read_file(path), 128, 120) for path in paths])
    expected = opened.scoring_model()(pixels)
    assert np.ptp(expected["score"]) > 1e-3
    for name, output in joined.model(pixels).items():
        np.testing.assert_allclose(expected[name], output, rtol=1e-4, atol=1e-5)
    assert "class_name" not in opened.description.encoder  # our own description, which both Keras read
    signatures = tf.saved_model.load(str(exported_scorer)).signatures
    contents = tf.constant([tf.io.read_file(path).numpy() for path in paths])
    answers = {
        "served": signatures["serving_default"](image_bytes=contents)["score"],
        "degradations": signatures["degradations"](image_bytes=contents)["probabilities"],
    }
    np.testing.assert_allclose(answers["served"], expected["score"], atol=1e-5)
    np.testing.assert_allclose(answers["degradations"], expected["degradations"], atol=1e-5)
    features = signatures["features"](image_bytes=contents)
    assert {"conv1.2", "naturalness", "colour", "embedding", "score"} <= set(features)
    again = find_encoder(str(exported_scorer.parent))
    assert again.blocks == joined.blocks and (again.crop, again.resize) == (120, 128)
    for kind, ask in (("tflite", tflite), ("onnx", onnx)):
        file = convert(opened, tmp_path / f"scorer.{kind}", kind, "float32", "samples")
        np.testing.assert_allclose(ask(file, pixels), expected["score"], rtol=1e-5, atol=2e-5, err_msg=kind)


def test_a_heat_map_is_of_the_first_encoder_that_has_maps(joined, exported_scorer):
    model = Export.open(exported_scorer).scoring_model()
    _, heat = contributions(model, tf.constant(np.tile(PHOTO, (1, 2, 2, 1))[:, :120, :120]))
    assert heat.shape == (1, *joined.model.output["conv5"].shape[1:3]) and np.ptp(heat) > 0


def test_an_encoder_that_was_exported_alone_is_the_first_of_two(export):
    """The blocks of a first encoder of the same size are exactly those that it has alone."""
    tiny = find_encoder(f"{export.path.parent},statistics")
    pixels = PHOTO[np.newaxis, :96, :96]
    for name, output in export.encoder(pixels).items():
        np.testing.assert_allclose(tiny.model(pixels)[name], output, rtol=1e-4, atol=1e-6)
