"""Networks of keras.applications and models that others have saved, as encoders."""

from __future__ import annotations

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.encoders import build_encoder
from aesthkeras.encoders.network_blocks import block_outputs, default_blocks, with_own_names
from aesthkeras.errors import UsageError
from aesthkeras.finding import applications
from aesthkeras.finding.calibration import calibration_photos
from aesthkeras.finding.find import find_encoder
from aesthkeras.networks.export import Export
from aesthkeras.networks.heads import build_network, build_scorer
from aesthkeras.networks.pooling import describe, probe_grid
from aesthkeras.networks.saving import export_scorer
from aesthkeras.photos.sources import SAMPLES
from aesthkeras.scoring.network import ScoringNetwork

SMALL = "keras:MobileNetV3Small?weights=none&crop=64&resize=72"


def pixels(crop: int, count: int = 2) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, crop, crop, 3), np.uint8)


@pytest.fixture(scope="module")
def found():
    return find_encoder(SMALL)


@pytest.fixture
def uncalibrated(monkeypatch):
    """Networks without the statistics of photos, which take their time."""
    photos = calibration_photos(SAMPLES, 72)
    monkeypatch.setattr(applications, "calibration_photos", lambda *_: photos)
    monkeypatch.setattr(applications, "calibrate", lambda *_: None)


def test_default_blocks_are_the_last_layer_at_each_size():
    """MobileNetV2 at 224 px; its padding layers have maps of 113, 57, 29 and 15, which are none."""
    network = keras.applications.MobileNetV2(weights=None, include_top=False, input_shape=(224, 224, 3))
    names = default_blocks(network)
    assert [network.get_layer(name).output.shape[1] for name in names] == [112, 56, 28, 14, 7]
    assert names[:2] == ["block_1_expand_relu", "block_3_expand_relu"] and names[-1] == "out_relu"


def test_default_blocks_are_the_five_deepest():
    """VGG16 has maps of 224, 112, 56, 28 and 14, and the last pool's of 7."""
    network = keras.applications.VGG16(weights=None, include_top=False, input_shape=(224, 224, 3))
    assert default_blocks(network) == [
        "block2_conv2",
        "block3_conv3",
        "block4_conv3",
        "block5_conv3",
        "block5_pool",
    ]


def test_neither_pixels_nor_squeezed_maps_are_blocks(found):
    """MobileNetV3 rescales its pixels inside and squeezes maps to one position."""
    sizes = [found.model.output[name].shape[1] for name in found.blocks]
    assert sizes == [32, 16, 8, 4, 2]
    assert all(found.model.output[name].shape[-1] > 3 for name in found.blocks)


def test_names_do_not_depend_on_what_was_built_before(found, uncalibrated):
    again = find_encoder(SMALL)
    assert again.blocks == found.blocks and again.fingerprint == found.fingerprint
    assert find_encoder(f"{SMALL}&seed=1").fingerprint != found.fingerprint


def test_a_network_with_names_of_its_own_answers_the_same():
    network = keras.applications.MobileNetV3Small(weights=None, include_top=False, input_shape=(64, 64, 3))
    np.testing.assert_array_equal(with_own_names(network)(pixels(64)), network(pixels(64)))


def by_hand(mode: str, values: np.ndarray) -> np.ndarray:
    if mode == "tf":
        return values / 127.5 - 1
    if mode == "torch":
        return (values / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    return values[..., ::-1] - [103.939, 116.779, 123.68] if mode == "caffe" else values


@pytest.mark.parametrize(
    ("name", "mode", "blocks"),
    [
        ("ResNet50", "caffe", "conv1_conv"),
        ("MobileNetV2", "tf", "Conv1"),
        # Keras 3 has no slashes in names
        ("DenseNet121", "torch", "conv1/conv" if keras.__version__ < "3" else "conv1_conv"),
        ("EfficientNetB0", "inside", "stem_conv"),
    ],
)
def test_each_network_preprocesses_by_its_own_rule(name, mode, blocks, uncalibrated, monkeypatch):
    """The first convolution sees what the rule makes of the pixels, calculated here by hand."""
    size = {"input_shape": (64, 64, 3), "include_top": False, "weights": None}
    build = getattr(keras.applications, name)
    keras.utils.set_random_seed(3)
    reference = build(**size)
    small = keras.Model(reference.input, reference.get_layer(blocks).output)
    # quickly: of the whole network, only its beginning is built
    monkeypatch.setattr(keras.applications, name, functools.wraps(build)(lambda **_: small))
    found = find_encoder(f"keras:{name}?weights=none&crop=64&resize=64&blocks={blocks}")
    values = by_hand(mode, pixels(64).astype(np.float64)).astype(np.float32)
    (block,) = found.blocks
    assert block == blocks.replace("/", ".")
    np.testing.assert_allclose(found.model(pixels(64))[block], small(values), rtol=1e-3, atol=1e-3)


def test_the_embedding_is_the_mean_of_the_last_block_but_for_vgg(found, uncalibrated):
    outputs = found.model(pixels(64))
    assert found.embedding == "embedding"
    last = outputs[found.blocks[-1]].numpy()
    np.testing.assert_allclose(outputs["embedding"], last.mean((1, 2)), rtol=1e-4, atol=1e-5)
    plain = find_encoder("keras:VGG16?weights=none&crop=32&resize=36&blocks=block1_conv1,block1_pool")
    assert (plain.embedding, plain.blocks) == (None, ["block1_conv1", "block1_pool"])


def test_untrained_batch_norm_has_the_statistics_of_photos(found):
    network = found.model.get_layer("network")
    normalizations = [one for one in network.layers if isinstance(one, keras.layers.BatchNormalization)]
    assert not any(np.allclose(one.moving_mean, 0) for one in normalizations[:3])
    assert not found.model.trainable and found.name == "random MobileNetV3Small seed 0"


def test_weights_come_from_a_file(tmp_path):
    network = keras.applications.MobileNetV3Small(weights=None, include_top=False, input_shape=(64, 64, 3))
    network.save_weights(tmp_path / "mine.weights.h5")
    loaded = find_encoder(
        f"keras:MobileNetV3Small?weights={tmp_path}/mine.weights.h5&crop=64&resize=72&blocks=re_lu"
    )
    assert loaded.name == "MobileNetV3Small mine.weights" and loaded.notes == ""
    np.testing.assert_array_equal(loaded.model.get_weights()[0], network.get_weights()[0])


def test_a_download_that_fails_is_one_line(monkeypatch):
    def fail(**_):
        raise Exception("URL fetch failure on https://x/y.h5: None -- Name or service not known\nmore")

    monkeypatch.setattr(keras.applications, "MobileNetV2", fail)
    with pytest.raises(UsageError, match="^encoder=keras:MobileNetV2: .*no network.*not known") as caught:
        find_encoder("keras:MobileNetV2")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("keras:imagenet_utils", "a network of keras.applications"),
        ("keras:NoNet", "a network of keras.applications"),
        ("keras:VGG16?weights=nowhere.h5", "the file of its weights"),
        ("keras:VGG16?weights=none&blocks=block9", "blocks=block9: expected layers with maps"),
        ("keras:VGG16?weights=none&blocks=a,,b", "weights, blocks, crop, resize, seed as in"),
        ("keras:VGG16?depth=3", "weights, blocks, crop, resize, seed as in"),
        ("keras:VGG16?weights=none&crop=20&resize=20", "a crop from 32 pixels"),
        ("keras:VGG16?weights=none&crop=224&resize=100", "up to the resize"),
        ("keras:VGG16?weights=none&seed=-1", "as in keras:VGG16"),
        ("keras:Xception?weights=none&crop=32", "Keras can build"),
    ],
)
def test_what_is_no_network_is_refused_in_one_line(spec, expected):
    with pytest.raises(UsageError, match=f"^start_from={spec.split('?')[0]}.*{expected}") as caught:
        find_encoder(spec, argument="start_from")
    assert "\n" not in str(caught.value)


def test_blocks_are_pooled_to_about_as_many_values_each(found):
    shapes = {name: found.model.output[name].shape for name in found.blocks}
    pooled = describe(found.model(pixels(64)))
    assert list(pooled) == [*found.blocks, "embedding"]
    for name, (_, size, _, channels) in shapes.items():
        grid = min(size, round((9600 / channels) ** 0.5))
        assert pooled[name].shape == (2, grid * grid * channels)


def test_alexnets_channels_give_alexnets_grids():
    sizes = zip((55, 27, 13, 13, 13), (96, 256, 384, 384, 256))
    assert [probe_grid("theirs", *size) for size in sizes] == [10, 6, 5, 5, 6]
    assert probe_grid("theirs", 4, 8) == 4  # not beyond the map
    assert probe_grid("theirs", 7, 100_000) == 1
    assert probe_grid("conv2", 10, 8) == 6  # ours, at any width


@pytest.mark.parametrize("tiles", [0, pytest.param(2, marks=pytest.mark.long)])
def test_a_scorer_on_such_a_network_is_exported_and_loaded_again(tiles, uncalibrated, tmp_path, jpeg):
    encoder = find_encoder(f"{SMALL}&blocks=re_lu,re_lu_3", tiles=tiles)  # of its beginning: quicker
    shown = pixels(encoder.crop)
    assert encoder.crop == 64 * max(tiles, 1) and encoder.blocks == ["re_lu", "re_lu_3"]
    described = describe(encoder.model(shown))
    read = {name: described[name].shape[-1] for name in ("re_lu_3", "embedding")}
    scorer = build_scorer(build_network(read, [4], 1, seed=1), "binary")
    version = export_scorer(encoder.model, scorer, tmp_path / "m", resize_edge=encoder.resize, meaning={})
    expected = scorer({name: described[name] for name in read})["score"]
    again = Export.open(version)
    np.testing.assert_allclose(again.scoring_model()(shown)["score"], expected, rtol=1e-4)
    network = ScoringNetwork(Export.open(version), 2)
    np.testing.assert_allclose(network(shown)["score"], expected, rtol=1e-3)
    served = tf.saved_model.load(str(version)).signatures["features"](
        image_bytes=tf.constant([jpeg(90, 120)])
    )
    assert set(served) == {"re_lu", "re_lu_3", "embedding", "score"}
    card = (version / "MODEL_CARD.md").read_text()
    assert "`re_lu`, `re_lu_3`, `embedding`" in card and "A scorer of photos" in card


@pytest.fixture(scope="module")
def network() -> keras.Model:
    images = keras.Input((None, None, 3))
    features = keras.layers.Conv2D(8, 3, 2, "same", name="first", activation="relu")(images)
    deeper = keras.layers.Conv2D(12, 3, 2, "same", name="second", activation="relu")(features)
    return keras.Model(images, keras.layers.GlobalMaxPooling2D()(deeper))


def test_a_saved_model_of_any_input_size(network, tmp_path):
    network.save(tmp_path / "mine.keras")
    found = find_encoder(f"{tmp_path}/mine.keras?crop=48&scaling=0..1")
    assert (found.crop, found.resize, found.name, found.blocks) == (48, 55, "mine", ["first", "second"])
    assert found.embedding is None
    expected = network.get_layer("first")(pixels(48) / np.float32(255))
    np.testing.assert_allclose(found.model(pixels(48))["first"], expected, rtol=1e-4, atol=1e-5)
    assert find_encoder(f"{tmp_path}/mine.keras?blocks=second&crop=48").blocks == ["second"]
    assert find_encoder(f"{tmp_path}/mine.keras").crop == 224


def test_a_saved_encoder_of_ours_is_itself_again(tmp_path):
    encoder = build_encoder("alexnet", input_size=96, width=0.125)
    encoder.save(tmp_path / "ours.keras")
    found = find_encoder(f"{tmp_path}/ours.keras?resize=108")
    assert (found.crop, found.resize) == (96, 108)
    assert found.blocks == ["conv1", "conv2", "conv3", "conv4", "conv5"] and found.embedding == "embedding"
    for name, expected in encoder(pixels(96)).items():
        np.testing.assert_allclose(found.model(pixels(96))[name], expected, rtol=1e-5, atol=1e-6)


def save_network(folder):
    images = keras.Input((64, 48, 3))
    keras.Model(images, keras.layers.Conv2D(8, 3)(images)).save(folder / "m.keras")


def save_lambda(folder):
    images = keras.Input((64, 64, 3))
    keras.Model(images, keras.layers.Lambda(lambda values: values * 2)(images)).save(folder / "m.keras")


def save_dense(folder):
    values = keras.Input((5,))
    keras.Model(values, keras.layers.Dense(1)(values)).save(folder / "m.keras")


def save_flat(folder):
    images = keras.Input((64, 64, 3))
    keras.Model(images, {"mean": keras.layers.GlobalAveragePooling2D()(images)}).save(folder / "m.keras")


def save_square(folder):
    images = keras.Input((64, 64, 3))
    keras.Model(images, keras.layers.Conv2D(8, 3, name="first")(images)).save(folder / "m.keras")


def save_text(folder):
    (folder / "m.keras").write_text("no model")


def save_nothing(folder):
    pass


@pytest.mark.parametrize(
    ("save", "options", "expected"),
    [
        (save_network, "", "a square input"),
        (save_lambda, "", "a Keras model that can be loaded"),
        (save_dense, "", "one input, images"),
        (save_flat, "", "hold no map"),
        (save_square, "?crop=48", "a square input, and its size"),
        (save_square, "?blocks=second", "expected layers with maps, which are first"),
        (save_square, "?scaling=0..7", "scaling to be one of 0..255"),
        (save_square, "?width=2", "blocks, crop, resize, scaling as in"),
        (save_text, "", "a Keras model that can be loaded"),
        (save_nothing, "", "a file"),
    ],
)
def test_a_file_that_is_no_encoder_is_refused_in_one_line(save, options, expected, tmp_path):
    save(tmp_path)
    with pytest.raises(UsageError, match=f"^encoder=.*m.keras.*{expected}") as caught:
        find_encoder(f"{tmp_path}/m.keras{options}")
    assert "\n" not in str(caught.value)


def test_blocks_of_a_network_without_maps():
    values = keras.Input((5,))
    with pytest.raises(ValueError, match="layers with maps, which are none"):
        block_outputs(keras.Model(values, keras.layers.Dense(1)(values)), [])
