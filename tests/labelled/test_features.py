"""Extracted features: what the SavedModel answers, and a cache that never gives a wrong number."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf

from aesthkeras.degradations.table import CLASSES, COPY_CLASSES
from aesthkeras.errors import UsageError
from aesthkeras.finding.find import find_encoder
from aesthkeras.labelled import features as extraction
from aesthkeras.labelled.degraded_copies import draw_copies
from aesthkeras.photos.inspection import inspect_photos
from aesthkeras.photos.patches import patch_dataset

LAYERS = ["conv1", "conv4"]


@pytest.fixture(scope="module")
def photos(rated, tmp_path_factory):
    paths = sorted(str(path) for path in (rated.folder / "images").iterdir())
    return inspect_photos(paths[:7], str(tmp_path_factory.mktemp("verdict")), progress=False)


@pytest.fixture
def extract(encoder, photos):
    def run(folder, **options):
        options = {"encoder": encoder, "layers": LAYERS, **options}
        return extraction.extract_features(photos=photos, feature_dir=folder, progress=False, **options)

    return run


@pytest.fixture
def passes(monkeypatch):
    """How often features were computed rather than read."""
    count = []
    write = extraction._write_features
    monkeypatch.setattr(extraction, "_write_features", lambda *given: count.append(1) or write(*given))
    return count


def test_features_are_the_saved_models(exported, photos, extract, tmp_path):
    model = tf.saved_model.load(str(exported / "1"))
    contents = tf.stack([tf.io.read_file(path) for path in photos.paths])
    expected = model.signatures["features"](image_bytes=contents)
    found = extract(tmp_path, layers=["conv1", "conv2", "conv3", "conv4", "conv5"])
    for layer, values in found.items():
        assert values.shape == (7, 1, expected[layer].shape[1])
        np.testing.assert_allclose(values[:, 0], expected[layer], rtol=1e-4, atol=1e-5)


def test_cached_photos_give_the_same_crops(photos, encoder, tmp_path):
    cached = inspect_photos(photos.paths, str(tmp_path), edge=encoder.resize, cache="memory", progress=False)
    crops = extraction.crop_dataset(cached.of([4, 2]), encoder.resize, encoder.crop)
    (expected,) = extraction.crop_dataset(photos, encoder.resize, encoder.crop)
    np.testing.assert_array_equal(next(iter(crops)), tf.gather(expected, [4, 2]))


@pytest.mark.long
def test_mirrored_views_are_those_of_mirrored_photos(encoder, photos, extract, tmp_path):
    found = extract(tmp_path, views=2)
    assert found["conv4"].shape[1] == 2
    pooled = extraction.pooling_function(encoder.model, LAYERS, "vissl")
    (pixels,) = extraction.crop_dataset(photos, encoder.resize, encoder.crop)
    mirrored = pooled(tf.constant(pixels.numpy()[:, :, ::-1]))
    np.testing.assert_allclose(found["conv4"][:, 1], mirrored["conv4"], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found["conv4"][:, 0], extract(tmp_path)["conv4"][:, 0], rtol=1e-4, atol=1e-5)


@pytest.mark.long
def test_random_views_are_the_patches_of_training(encoder, photos, extract, tmp_path):
    """Each photo has its patches of the stream, in their order; the last batch is cut at the epoch."""
    found = extract(tmp_path, views=5, seed=3)["conv4"]
    assert found.shape[:2] == (7, 5)
    patches = patch_dataset(photos, encoder.resize, encoder.crop, 21, crops_per_photo=3, seed=3)
    epoch = next(iter(patches))
    expected = extraction.pooling_function(encoder.model, LAYERS, "vissl")(epoch["patches"])["conv4"].numpy()
    for number in range(7):
        np.testing.assert_allclose(
            found[number, 2:], expected[epoch["photo"].numpy() == number], rtol=1e-4, atol=1e-5
        )


def test_degraded_copies_come_behind_the_views_and_are_those_of_the_centre_crop(
    encoder, photos, extract, tmp_path
):
    """Of the 24, the one with eight levels is made anew with NumPy."""
    found = extract(tmp_path, views=2, copies=24, seed=4)["conv1"]
    assert found.shape[:2] == (7, 26)
    np.testing.assert_allclose(found[:, :2], extract(tmp_path, views=2)["conv1"], rtol=1e-4, atol=1e-5)
    (pixels,) = extraction.crop_dataset(photos, encoder.resize, encoder.crop)
    eight = next(edit.index for edit in CLASSES if edit.name == "quantization_8")
    step = 255 / 7
    quantized = np.floor(np.round(pixels.numpy() / step) * step + 0.5).astype(np.uint8)
    expected = extraction.pooling_function(encoder.model, LAYERS, "vissl")(tf.constant(quantized))
    drawn = draw_copies(7, 24, 4)
    for number in range(7):
        place = 2 + list(drawn[number]).index(eight)
        np.testing.assert_allclose(found[number, place], expected["conv1"][number], rtol=1e-4, atol=1e-5)


def test_copies_of_a_photo_differ_and_none_is_only_turned():
    drawn = draw_copies(50, 24, 1)
    spoilt = {edit.index for edit in COPY_CLASSES if edit.operation not in (None, "rotation")}
    assert len(spoilt) == 24
    assert all(set(row) == spoilt for row in drawn)
    assert len({tuple(row) for row in drawn}) == 50
    np.testing.assert_array_equal(draw_copies(50, 3, 1), drawn[:, :3])
    assert not np.array_equal(draw_copies(50, 24, 2), drawn)


def test_the_second_time_they_are_read_and_equal(extract, passes, tmp_path):
    first = {layer: np.array(values) for layer, values in extract(tmp_path).items()}
    second = extract(tmp_path)
    assert len(passes) == 1
    for layer in LAYERS:
        assert isinstance(second[layer], np.memmap)
        np.testing.assert_array_equal(first[layer], second[layer])


def damage_values(folder):
    with open(folder / "conv4.npy", "r+b") as file:
        file.seek(-100, 2)
        file.write(b"\x01\x02\x03\x04")


def cut_file(folder):
    content = (folder / "conv1.npy").read_bytes()
    (folder / "conv1.npy").write_bytes(content[: len(content) // 2])


def lose_index(folder):
    (folder / "index.json").unlink()


def index_of_another(folder):
    index = json.loads((folder / "index.json").read_text())
    (folder / "index.json").write_text(json.dumps({**index, "key": "0" * 64}))


@pytest.mark.long
@pytest.mark.parametrize("harm", [damage_values, cut_file, lose_index, index_of_another])
def test_a_damaged_interrupted_or_foreign_cache_is_made_anew(extract, passes, tmp_path, harm):
    expected = {layer: np.array(values) for layer, values in extract(tmp_path).items()}
    (folder,) = tmp_path.iterdir()
    harm(folder)
    found = extract(tmp_path)
    assert len(passes) == 2
    for layer in LAYERS:
        np.testing.assert_allclose(found[layer], expected[layer], rtol=1e-5, atol=1e-6)
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


@pytest.mark.long
def test_another_encoder_pooling_or_crop_has_another_cache(encoder, extract, passes, tmp_path):
    other = find_encoder("random:alexnet?width=0.125&seed=1&crop=96&resize=104")
    first = extract(tmp_path)
    second = extract(tmp_path, encoder=other)
    third = extract(tmp_path, pooling="max")
    fourth = extract(tmp_path, encoder=encoder._replace(resize=120))
    assert len(passes) == len(list(tmp_path.iterdir())) == 4
    for values in (second, third, fourth):
        assert not np.allclose(values["conv1"], first["conv1"])


@pytest.mark.long
def test_chosen_photos_have_the_features_that_they_have_among_all(extract, passes, tmp_path):
    whole = extract(tmp_path)
    first, second = (extract(tmp_path, chosen=np.array(some)) for some in ([0, 2, 5], [1, 2, 6]))
    for layer in LAYERS:
        assert first[layer].shape == (3, 1, whole[layer].shape[2])
        np.testing.assert_allclose(first[layer], whole[layer][[0, 2, 5]], rtol=1e-4, atol=1e-5)
        # as many photos, but others: they must not find each other's cache
        np.testing.assert_allclose(second[layer], whole[layer][[1, 2, 6]], rtol=1e-4, atol=1e-5)
    assert len(passes) == len(list(tmp_path.iterdir())) == 3
    extract(tmp_path, chosen=np.arange(7))
    assert len(passes) == 3  # all of them are what is there already


@pytest.mark.long
def test_what_a_killed_process_left_is_removed(extract, tmp_path):
    extract(tmp_path)
    (folder,) = tmp_path.iterdir()
    lose_index(folder)
    left = tmp_path / f".{folder.name}.{2**22 + 1}.aside"  # above the highest process id
    left.mkdir()
    extract(tmp_path)
    assert not left.exists()


def test_a_folder_that_cannot_be_written_is_named(extract, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="feature_dir=.*file/x"):
        extract(tmp_path / "file" / "x")
